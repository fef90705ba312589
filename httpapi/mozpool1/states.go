package mozpool1

import (
	"slices"
	"strings"

	"mozpool/actors"
	"mozpool/actors/board"
)

// fixed are the states whose name in the old API depends on nothing else.
var fixed = map[board.State]string{
	board.Booting: "pxe_booting", board.Live: "mobile_init_started", board.Restarting: "pc_rebooting", board.Verifying: "sut_verifying",
	board.SelfTesting: "self_test_running", board.Maintenance: "maintenance_mode", board.Off: "troubleshooting",
	board.FailedPower: "failed_power_cycling", board.FailedBoot: "failed_pxe_booting", board.FailedLive: "failed_mobile_init_started",
	board.FailedVerify: "failed_sut_verifying",
}

// dialects are the two kinds of images that the original knew; its states are named after them.
var dialects = []string{"android", "b2g"}

// stateOf is a board's state in the old API's words. An image says by its key compat which dialect its states have;
// without it they have that of the image that old clients asked for most, b2g.
func stateOf(v *actors.View) string {
	b := &v.Board
	dialect := "b2g"
	if v.Inputs != nil && slices.Contains(dialects, v.Inputs.Compat) {
		dialect = v.Inputs.Compat
	}
	switch b.State {
	case board.Cutting, board.Powering, board.Waiting:
		if b.Want.Live() && !b.Done {
			return "pxe_power_cycling"
		}
		return "pc_power_cycling"
	case board.Downloading:
		return dialect + "_downloading"
	case board.Writing:
		return dialect + "_extracting"
	case board.FailedInstall:
		return "failed_" + dialect + "_extracting"
	default:
		if name, ok := fixed[b.State]; ok {
			return name
		}
		return string(b.State)
	}
}

// statesOf are our states that an old name may stand for; none: the name is not known. It is what stateOf undoes, and
// knows the names of the original that ours never show as well.
func statesOf(name string) []board.State {
	switch name {
	case "pxe_power_cycling", "pc_power_cycling":
		return []board.State{board.Cutting, board.Powering, board.Waiting}
	case "pc_pinging", "sut_verifying", "sut_verify_power_cycle", "sut_sdcard_verifying":
		return []board.State{board.Verifying}
	case "failed_pc_pinging", "failed_sut_sdcard_verifying":
		return []board.State{board.FailedVerify}
	case "unknown":
		return []board.State{board.Troubleshooting}
	case "troubleshooting":
		return []board.State{board.Troubleshooting, board.Off}
	}
	for _, d := range dialects {
		switch rest, _ := strings.CutPrefix(name, d+"_"); rest {
		case "downloading":
			return []board.State{board.Downloading}
		case "extracting":
			return []board.State{board.Writing}
		case "rebooting":
			return []board.State{board.Restarting}
		}
		if name == "failed_"+d+"_extracting" || name == "failed_"+d+"_downloading" {
			return []board.State{board.FailedInstall}
		}
	}
	for ours, old := range fixed {
		if old == name {
			return []board.State{ours}
		}
	}
	if s := board.State(name); s.Valid() {
		return []board.State{s}
	}
	return nil
}

// isIn says whether the board is in the state that an old name stands for.
func isIn(v *actors.View, name string) bool {
	return stateOf(v) == name || slices.Contains(statesOf(name), v.Board.State)
}
