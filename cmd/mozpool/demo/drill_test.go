package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/server"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/boardsim"
	"mozpool/persistence/backup"
)

// TestDrill runs a rack with an image that was pushed, backs its server up in the middle of work, lets the boards go on,
// destroys the data folder, restores it, and goes on: every board becomes ready, although the boards are further than the
// records, and takes the next wish for that image, which nothing but the backup still had.
func TestDrill(t *testing.T) {
	inOwnFolder(t)
	const speed = 60
	r, err := NewRack(t.Context(), Options{Boards: 3, Speed: speed, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	ports := r.Server.Racks()[rackName]
	stop := r.serve(t)
	r.push(t)
	r.wishPushed(t)
	r.until(t, func() bool {
		return r.Server.Fleet().Views()[0].Board.State.Working() && r.Server.Fleet().Views()[0].Board.Boot > 0
	})
	file := takeBackup(t, r)
	r.until(t, r.atRest)
	stop()

	data := filepath.Join(r.dir, "data")
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	restore(t, file, data)
	cfg, problems, _ := config.Load(filepath.Join(r.dir, configFile))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	rack := cfg.Racks[rackName] // boards know where they found their server
	rack.Ports = config.Ports{HTTP: ports.HTTP.Port(), TFTP: ports.TFTP.Port(), Syslog: ports.Syslog.Port()}
	cfg.Racks[rackName] = rack
	if r.Server, err = server.Open(t.Context(), cfg, server.Options{Speed: speed}); err != nil {
		t.Fatal(err)
	}
	if s := r.Server.Fleet().Views()[0].Board; s.Attempt != 1 || s.Boot == 0 {
		t.Errorf("the record is not the one of the backup: attempt %d, boot %d", s.Attempt, s.Boot)
	}
	stop = r.serve(t)
	defer stop()
	r.until(t, r.ready)
	r.wishPushed(t)
	r.until(t, func() bool { return r.ready() && r.result().Attempts == 6 })
	if kept := r.kept(); kept < 3*imageSize {
		t.Errorf("the same image again kept %d bytes of 3 cards", kept)
	}
}

// ready says whether every board rests in ready.
func (r *Rack) ready() bool { return r.atRest() && r.result().Ready == len(r.Server.Fleet().Views()) }

// serve runs the rack's server; stop ends it.
func (r *Rack) serve(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := r.Server
	go func() { ended <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// until waits for a condition.
func (r *Rack) until(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); !is(); <-tick.C {
		if time.Now().Before(deadline) {
			continue
		}
		for _, v := range r.Server.Fleet().Views() {
			t.Logf("%s: %s, attempt %d, boot %d, %v", v.Spec.Name, v.Board.State, v.Board.Attempt, v.Board.Boot, v.Board.Blame)
		}
		t.Fatal("it does not come to that")
	}
}

// pushed is an image that came by the API.
const pushed = "pushed-1.0"

func (r *Rack) asDrill(t *testing.T, do func(c *client.Client) error) {
	t.Helper()
	c, err := client.New(r.Server.APIURL(), client.Options{User: "drill"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdle()
	if err := do(c); err != nil {
		t.Fatal(err)
	}
}

// push uploads an image and its entry.
func (r *Rack) push(t *testing.T) {
	t.Helper()
	r.asDrill(t, func(c *client.Client) error {
		var file bytes.Buffer
		if err := boardsim.MakeImage(&file, boardsim.Image{Name: pushed, Callback: true}, imageSize); err != nil {
			return err
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(file.Bytes()))
		if _, err := c.PutArtifact(t.Context(), sum, "pushed.img", int64(file.Len()), &file); err != nil {
			return err
		}
		_, err := c.PutImage(t.Context(), pushed, v1.ImageEntry{Hardware: []string{hardware}, Install: "raw", Verify: &v1.VerifyEntry{Kind: "callback"},
			Artifacts: []v1.ArtifactEntry{{Name: "system", File: "pushed.img", SHA256: sum, To: "p2"}}}, client.Condition{New: true})
		return err
	})
}

func (r *Rack) wishPushed(t *testing.T) {
	t.Helper()
	r.asDrill(t, func(c *client.Client) (err error) {
		for _, v := range r.Server.Fleet().Views() {
			_, one := c.Image(t.Context(), v.Spec.Name, v1.ImageWish{Image: pushed})
			err = errors.Join(err, one)
		}
		return err
	})
}

// takeBackup asks the running server for one, while boards are at work.
func takeBackup(t *testing.T, r *Rack) (path string) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "backup"))
	if err != nil {
		t.Fatal(err)
	}
	r.asDrill(t, func(c *client.Client) error { return c.Backup(t.Context(), file, true) })
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

func restore(t *testing.T, path, data string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // only read
	s, err := server.Restore(file, data)
	if err != nil {
		t.Fatal(err)
	}
	if s.Keys < 3 || s.Audit == 0 || len(s.Artifacts) != 1 || s.Artifacts[0].State != backup.Whole {
		t.Errorf("the backup holds %+v", s)
	}
}
