package httpapi

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/httpapi/access"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/dumps"
)

// dumped is a store in which b1 has left one dump.
func dumped(t *testing.T) (store *dumps.Store, name string) {
	t.Helper()
	store, err := dumps.Open(dumps.Config{Dir: filepath.Join(t.TempDir(), "dumps"), File: 1 << 20, PerBoard: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	d, err := store.Create("b1", "vmcore", -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write([]byte("\x00core")); err != nil {
		t.Fatal(err)
	}
	f, err := d.Keep()
	if err != nil {
		t.Fatal(err)
	}
	return store, f.Name
}

func TestDumps(t *testing.T) {
	t.Parallel()
	store, name := dumped(t)
	s := start(t, Config{Fleet: fleet(), Dumps: store})
	const all = "/api/v1/boards/b1/dumps"
	res, body := call(t, s, "GET", all, "")
	var got v1.Dumps
	if err := json.Unmarshal(body, &got); err != nil || res.StatusCode != 200 || len(got.Dumps) != 1 || got.Dumps[0].Name != name || got.Dumps[0].Size != 5 || got.Dumps[0].At.IsZero() {
		t.Fatalf("%d %s, %v", res.StatusCode, body, err)
	}
	res, body = call(t, s, "GET", all+"/"+name, "")
	if res.StatusCode != 200 || string(body) != "\x00core" || res.Header.Get("Content-Type") != "application/octet-stream" || !strings.Contains(res.Header.Get("Content-Disposition"), name) {
		t.Errorf("%d %q %v", res.StatusCode, body, res.Header)
	}
	if res, _ := call(t, s, "HEAD", all+"/"+name, ""); res.StatusCode != 200 || res.ContentLength != 5 {
		t.Errorf("HEAD: %d, %d bytes", res.StatusCode, res.ContentLength)
	}
	for _, path := range []string{all + "/none", all + "/..%2f..%2fb1%2f" + name, "/api/v1/boards/none/dumps", "/api/v1/boards/none/dumps/" + name, "/api/v1/boards/b2/dumps/" + name} {
		res, body := call(t, s, "GET", path, "")
		wantProblem(t, res, body, 404, v1.KindNotFound)
	}
	if res, body = call(t, s, "POST", all+"/"+name+"/delete", ""); res.StatusCode != 200 {
		t.Errorf("delete: %d %s", res.StatusCode, body)
	}
	res, body = call(t, s, "POST", all+"/"+name+"/delete", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
}

// TestDumpsOff: a server that takes none has none, which is no error.
func TestDumpsOff(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Fleet: fleet()})
	if res, body := call(t, s, "GET", "/api/v1/boards/b1/dumps", ""); res.StatusCode != 200 || strings.Join(strings.Fields(string(body)), "") != `{"dumps":[]}` {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	res, body := call(t, s, "GET", "/api/v1/boards/b1/dumps/x", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
	if got := needOf("POST", boardsPath+"/{name}/dumps/{dump}/delete"); got != access.Operator {
		t.Errorf("to delete a dump takes %s", got)
	}
}
