package images

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func TestOrderForPandaSurvivesJSON(t *testing.T) {
	t.Parallel()
	_, c := fullSite(t)
	o, err := c.Resolve(t.Context(), "root", "panda", nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var again Order
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Hardware.Keep, o.Hardware.Keep) || len(again.Hardware.Keep) != 2 {
		t.Errorf("keep became %v", again.Hardware.Keep)
	}
	if f, err := c.Open(again.Artifacts[0].File); err != nil {
		t.Errorf("a stored order cannot be served: %v", err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestChangedErrorSaysWhatAndWhatToDo(t *testing.T) {
	t.Parallel()
	wants(t, &ChangedError{Path: "p", Was: "aaaa", Is: "bbbb"}, "p was replaced: pinned with sha256 aaaa…, now bbbb…; ask for the image again")
	wants(t, &ChangedError{Path: "p", Was: "aaaa"}, "cannot be read any more")
	cause := errors.New("cause")
	if !errors.Is(&ConfigError{Err: cause}, cause) {
		t.Error("ConfigError hides its cause")
	}
}

func TestPartitionBeyondTheImage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/cut.img", mbrDisk()[:18*sector])
	_, problems := s.load(image("file: cut.img, part: 2"))
	wants(t, problems.Err(), "extended partition's record")
	short := make([]byte, 10*sector)
	mbrPut(short, 0, 0x83, 8, 8)
	mbrPut(short, 1, 0x83, 16, 8)
	s.put("artifacts/cut.img", short)
	_, problems = s.load(image("file: cut.img, part: 1"))
	wants(t, problems.Err(), "ends 3072 bytes beyond the end of the image")
	_, problems = s.load(image("file: cut.img, part: 2"))
	wants(t, problems.Err(), "begins beyond the end")
}

func TestPublished(t *testing.T) {
	t.Parallel()
	var p Published
	_, c := fullSite(t)
	if p.Get() != nil {
		t.Error("a catalogue before the first")
	}
	if p.Set(c); p.Get() != c {
		t.Error("another catalogue than was set")
	}
}
