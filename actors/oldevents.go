package actors

import "mozpool/actors/board"

// oldEvents are the names that the original's scripts report by, of two kinds of images.
var oldEvents = map[string]board.Kind{
	"mobile_init_started": board.InitStarted, "maint_mode": board.MaintenanceUp,
	"android_downloading": board.Downloads, "b2g_downloading": board.Downloads,
	"android_extracting": board.Writes, "b2g_extracting": board.Writes,
	"android_rebooting": board.Rebooting, "b2g_rebooting": board.Rebooting,
	"self_test_running": board.TestRunning, "self_test_ok": board.TestOK, "failed_self_test": board.ScriptFailed,
}

// OldEvent is what an event of the original's scripts proves. They carry no token (board.Input.Bare).
func OldEvent(name string) (kind board.Kind, known bool) {
	kind, known = oldEvents[name]
	return kind, known
}
