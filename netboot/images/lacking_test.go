package images

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What an attempt or an image needs and is elsewhere is asked for again, not given up; without others it is gone.
func TestWhatIsOnAnotherServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sum := s.upload(gz([]byte("a new disk")))
	var wanted []string
	for _, shared := range []bool{true, false} {
		o := s.options("")
		o.Entries = []Entry{entryOf("v3", s.upload(gz([]byte("a new disk"))), "")}
		if shared {
			o.Lacking = func(sum string) { wanted = append(wanted, sum) }
		}
		here, problems := Load(o)
		if problems != nil {
			t.Fatal(problems)
		}
		order, err := here.Resolve(t.Context(), "v3", "qemu-arm64", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(s.dir, "store", UploadFolder, sum)); err != nil {
			t.Fatal(err)
		}
		_, opened := here.Open(order.Artifacts[0].File)
		gone, problems := here.With(o.Entries)
		if problems != nil {
			t.Fatal(problems)
		}
		_, resolved := gone.Resolve(t.Context(), "v3", "qemu-arm64", nil)
		var lacking *LackingError
		var changed *ChangedError
		var unknown *UnknownError
		switch {
		case shared && (!errors.As(opened, &lacking) || !errors.As(resolved, &lacking) || lacking.Image != "v3" || !strings.Contains(lacking.Error(), sum)):
			t.Errorf("%v; %v", opened, resolved)
		case !shared && (!errors.As(opened, &changed) || !errors.As(resolved, &unknown)):
			t.Errorf("by itself: %v; %v", opened, resolved)
		}
		if _, err := here.Open(File{In: InFiles, Path: "artifacts/none"}); !errors.As(err, &changed) {
			t.Errorf("an operator's file is on no other server: %v", err)
		}
	}
	if !slices.Equal(wanted, []string{sum}) {
		t.Errorf("wanted %v", wanted)
	}
}
