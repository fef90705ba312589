package netboot

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// What is on its way from another server is to be asked for again, by people and by boards.
func TestLackingIsToBeAskedAgain(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("resolve: %w", &images.LackingError{Image: "v3", Sums: []string{"abc"}})
	var p *actors.Problem
	if !errors.As(problemOf(err), &p) || p.Kind != actors.Unavailable || p.Remedy == "" || !strings.Contains(p.Text, "v3") || !strings.Contains(p.Text, "abc") {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(unserved(err), "on its way") || strings.Contains(unserved(&images.ChangedError{}), "on its way") {
		t.Error("a board is told something else")
	}
}
