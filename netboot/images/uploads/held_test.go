package uploads

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// What is deleted while it is held is still read, whole.
func TestHoldOutlivesDelete(t *testing.T) {
	t.Parallel()
	s := store(t)
	if all, err := s.Hold(); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	want := map[string]string{}
	for _, data := range []string{"image", "other"} {
		want[sumOf(data)] = data
		if _, err := s.Put(sumOf(data), data+".img", -1, strings.NewReader(data), noon); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Hold()
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, h := range all {
		if err := s.Delete(h.SHA256); err != nil {
			t.Error(err)
		}
		if data, err := io.ReadAll(h.File); err != nil || string(data) != want[h.SHA256] || h.Name != string(data)+".img" || !h.At.Equal(noon) {
			t.Errorf("%+v: %q, %v", h.Artifact, data, err)
		}
	}
	if err := Release(all); err != nil {
		t.Error(err)
	}
	if err := Release(all); err == nil {
		t.Error("they were not closed")
	}
	if _, err := s.Has(sumOf("image")); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
