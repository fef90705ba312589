package server

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mozpool/actors/inventory/source/fleetsim"
)

// A board that is written into a file source, beside a NetBox, comes without anybody's asking, long before the timer.
func TestFileOfTheInventoryIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list := func(rows string) {
		if err := os.WriteFile(filepath.Join(dir, "own.csv"), []byte("name,id,mac,rack,hardware\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list("one,1,52:54:00:0f:00:01,p1,panda\n")
	box := newNetBox()
	box.set(fleetsim.Boards()[:1])
	web := httptest.NewServer(box)
	defer web.Close()
	s, _, stop := inventoried(t, dir, fmt.Sprintf(worlds["netbox"].config, web.URL)+"}, {name: own, file: own.csv")
	defer stop()
	wait := func(name string) {
		t.Helper()
		for deadline := time.After(time.Minute); s.Fleet().ByName(name) == nil; {
			select {
			case <-deadline:
				t.Fatalf("board %s does not come: %+v", name, s.inventory.Status())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	wait("one")
	list("one,1,52:54:00:0f:00:01,p1,panda\ntwo,2,52:54:00:0f:00:02,p1,panda\n")
	wait("two")
}
