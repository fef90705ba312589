package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"mozpool/actors/inventory"
	"mozpool/cmd/mozpool/config"
	"mozpool/netboot/images"
	"mozpool/netboot/live"
	"mozpool/persistence/strictyaml"
	"mozpool/relayproto/power"
)

// lists are what the boards and images files say.
type lists struct {
	specs     []inventory.Spec
	catalogue *images.Catalogue
	remarks   []config.Remark
}

// Check reads the boards and images files of a configuration, with all that they name, and its tokens, certificates and keys,
// and reports everything that is wrong at once. It writes nothing but the index of hashes, and that only where the data folder exists.
func Check(cfg config.Config) ([]config.Remark, error) {
	o, release, err := Images(cfg)
	if err != nil {
		return nil, fmt.Errorf("check images: %w", err)
	}
	defer release()
	l, err := readLists(cfg, o)
	remarks, wrong := checkSecrets(cfg)
	return append(l.remarks, remarks...), errors.Join(err, wrong)
}

// checkSecrets reads what keeps strangers out. What only the server's own user may read is a remark.
func checkSecrets(cfg config.Config) (remarks []config.Remark, err error) {
	for _, read := range []func(config.Config) error{
		func(c config.Config) error { _, err := readTokens(c); return err },
		func(c config.Config) error { _, err := readCert(c); return err },
		func(c config.Config) error { _, err := readWebhooks(c); return err },
		func(c config.Config) error { _, err := readIdentity(c); return err },
	} {
		switch wrong := read(cfg); {
		case errors.Is(wrong, fs.ErrPermission):
			remarks = append(remarks, config.Remark(wrong.Error()+": not checked, as you may not read it"))
		default:
			err = errors.Join(err, wrong)
		}
	}
	return remarks, err
}

// Images are the options with which commands that work beside the server load its catalogue. Where the data folder does
// not exist yet, a temporary one, which release removes, takes the place of the store in it.
func Images(cfg config.Config) (o images.Options, release func(), err error) {
	if _, err := os.Stat(cfg.Data); !errors.Is(err, fs.ErrNotExist) {
		o = imageOptions(cfg, nil)
		o.Partial = true // the journal is the server's
		return o, func() {}, nil
	}
	temporary, err := os.MkdirTemp("", "mozpool-store-")
	if err != nil {
		return o, nil, err
	}
	o = imageOptions(cfg, nil) // nothing came by the API yet
	o.Store = temporary
	return o, func() { _ = os.RemoveAll(temporary) }, nil // at worst a file is left in the temporary folder
}

func imageOptions(cfg config.Config, log *slog.Logger) images.Options {
	return images.Options{Path: cfg.Images, Files: cfg.Files, Store: filepath.Join(cfg.Data, "store"), CheckScript: checkScript, Logger: log,
		Builtin: map[string]string{images.Maintenance: live.Maintenance(), images.SelfTest: live.SelfTest()}}
}

// readLists reads both files. Nothing of them is used unless all of them is right.
func readLists(cfg config.Config, o images.Options) (lists, error) {
	var l lists
	boards := &inventory.File{} // none: the inventory lists them
	var err error
	if !cfg.Inventory.Used() {
		boards, err = inventory.OpenFile(cfg.Boards, ParsePower)
	}
	if errors.Is(err, fs.ErrNotExist) {
		boards, err = &inventory.File{}, nil
	}
	if err != nil {
		return l, err
	}
	catalogue, problems := images.Load(o)
	l.catalogue = catalogue
	if len(problems) == 0 {
		l.cross(cfg, boards, o.Partial)
		for _, name := range catalogue.Elsewhere() {
			l.remarks = append(l.remarks, config.Remark(name+" is not in "+cfg.Images+": the server has to know it by the API, or will refuse the file"))
		}
	}
	specs, wrong := boards.Boards()
	l.specs = specs
	return l, append(wrong, problems...).Err()
}

func checkScript(name, body string, keys []string) error {
	if err := live.CheckScript(body, keys...); err != nil {
		return fmt.Errorf("script %s: %w", name, err)
	}
	return nil
}

// cross checks what one file says of another: racks of mozpool.yaml, hardware types of images.yaml. partial: the server may
// know more of these by the API.
func (l *lists) cross(cfg config.Config, boards *inventory.File, partial bool) {
	var manual []string
	absent := map[string]int{}
	var hardware []string
	for _, h := range l.catalogue.Hardware() {
		hardware = append(hardware, h.Name)
	}
	for i, s := range boards.Specs {
		if !knownRack(cfg, s.Rack) {
			boards.Wrong(i, "rack", fmt.Sprintf("rack %q is not in the configuration", s.Rack), didYouMean(s.Rack, slices.Sorted(maps.Keys(cfg.Racks)), "add it under racks, or correct the name"))
		}
		switch _, ok := l.catalogue.HardwareType(s.Hardware); {
		case ok || l.catalogue.LeftOut(images.OfHardware, s.Hardware):
		case partial:
			absent[s.Hardware]++
		default:
			boards.Wrong(i, "hardware", fmt.Sprintf("hardware type %q is not known", s.Hardware), didYouMean(s.Hardware, hardware, "add it to "+cfg.Images+", or correct the name"))
		}
		if s.Power == "" || s.Power == "manual" {
			manual = append(manual, s.Name)
		}
	}
	if len(manual) > 0 {
		l.remarks = append(l.remarks, config.Remark(fmt.Sprintf("%d boards have no relay, such as %s: whoever asks for something has to switch them by hand", len(manual), manual[0])))
	}
	for _, name := range slices.Sorted(maps.Keys(absent)) {
		l.remarks = append(l.remarks, config.Remark(fmt.Sprintf("hardware type %s of %d boards is not in %s: the server has to know it by the API, or will refuse the file; %s",
			name, absent[name], cfg.Images, didYouMean(name, hardware, "or correct the name"))))
	}
	outlets(cfg, boards)
}

// knownRack says whether a board can be in a rack: in a cluster it may be another server's.
func knownRack(cfg config.Config, name string) bool {
	_, ok := cfg.Racks[name]
	return ok || cfg.Cluster.Enabled()
}

// outlets reports relay boards of several racks, which share no queue and perhaps no server, though a relay board takes
// one connection at a time; and outlets of several boards. Those of relay boards the inventory has reported already.
func outlets(cfg config.Config, boards *inventory.File) {
	racks, owners := make(map[string]string), make(map[power.Outlet]string)
	for i, s := range boards.Specs {
		spec, err := power.Parse(s.Power)
		if err != nil || spec.Kind == power.Manual {
			continue
		}
		if other, known := racks[spec.Key()]; known && other != s.Rack && knownRack(cfg, s.Rack) {
			boards.Wrong(i, "power", fmt.Sprintf("relay board %s is that of rack %s as well, and a relay board belongs to one rack", spec.Key(), other),
				"put all boards behind it into one rack")
		}
		if other, known := owners[spec.Outlet()]; known && spec.Kind != power.ProXR {
			boards.Wrong(i, "power", "switches board "+other+" as well", "give each board an outlet of its own")
		}
		owners[spec.Outlet()] = s.Name
		if knownRack(cfg, s.Rack) { // a rack that is not there is told of, and is none that the relay board belongs to
			racks[spec.Key()] = s.Rack
		}
	}
}

// didYouMean is the remedy for a word that is not known: the one that was probably meant, or what else to do.
func didYouMean(word string, known []string, otherwise string) string {
	if near := strictyaml.Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}
