package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"

	"mozpool/actors/board"
	"mozpool/cmd/mozpool/demo/several"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// pushed puts an image at a server that lacks its file, which was uploaded to another: it fetches it before it answers,
// and so does the third, before anybody asks. Every board gets it, from whichever server holds its rack. What was removed is
// gone everywhere.
func (w *world) pushed() {
	w.t.Helper()
	const name = "pushed"
	data := strings.Repeat("an image from elsewhere ", 200_000) // two pieces on its way from server to server
	hash := sha256.Sum256([]byte(data))
	sum := hex.EncodeToString(hash[:])
	_, err := w.Servers[0].Client().PutArtifact(w.ctx, sum, "pushed.img", int64(len(data)), strings.NewReader(data))
	w.must(err)
	entry := v1.ImageEntry{Hardware: []string{"simulated"}, Install: "raw", // verified by its loader: no system is in it that could call
		Artifacts: []v1.ArtifactEntry{{Name: "system", File: "pushed.img", SHA256: sum, To: "p2"}}}
	_, err = w.Servers[1].Client().PutImage(w.ctx, name, entry, client.Condition{New: true})
	w.must(err)
	has := func(want bool) func() bool {
		return func() bool {
			for _, p := range w.Servers {
				all, err := p.Client().Images(w.ctx)
				if err != nil || slices.ContainsFunc(all, func(i v1.Image) bool { return i.Name == name && i.Source == "api" }) != want {
					return false
				}
			}
			return true
		}
	}
	w.until("the image to be on all servers", has(true))
	for _, p := range w.Servers {
		if a, err := p.Client().Artifact(w.ctx, sum); err != nil || a.Name != "pushed.img" || a.Size != int64(len(data)) {
			w.t.Errorf("%s has %+v, %v", p.Name, a, err)
		}
	}
	if err := w.Servers[2].Client().DeleteArtifact(w.ctx, sum); err == nil {
		w.t.Error("a file was deleted that an image uses")
	}
	for i, r := range w.Racks {
		for _, b := range r.Names() {
			if !w.spare[b] {
				w.wishes[b]++
				_, err := w.Servers[i%len(w.Servers)].Client().Image(w.ctx, b, v1.ImageWish{Image: name})
				w.must(err)
			}
		}
	}
	w.until("every board to have it", func() bool {
		all, err := w.Boards(w.ctx)
		waits := func(b v1.Board) bool {
			return !w.spare[b.Name] && (int(b.Attempt) != w.wishes[b.Name] || b.State != board.Ready || b.Image != name)
		}
		return err == nil && !slices.ContainsFunc(all, waits)
	})
	// The server that is asked now may be a moment behind the one that saw the boards at rest, and then refuses.
	w.until("the image to be let go", func() bool { return w.Servers[2].Client().RemoveImage(w.ctx, name) == nil })
	w.until("the image to be gone from all servers", has(false))
}

// missed takes an operator's file from the holder of a rack while boards are on their way to it: that server fetches what was
// pinned from another, by its hash, and the boards end ready.
func (w *world) missed() {
	w.t.Helper()
	p := w.holder("r1")
	name := p.File(several.Artifact)
	data, err := os.ReadFile(name)
	w.must(err)
	hash := sha256.Sum256(data)
	sum := hex.EncodeToString(hash[:])
	var problem *client.Problem
	if _, err := p.Client().Artifact(w.ctx, sum); !errors.As(err, &problem) || problem.Kind != v1.KindNotFound {
		w.t.Errorf("%s has the file among its uploads before it is needed there: %v", p.Name, err)
	}
	w.wish()
	w.must(os.Remove(name))
	w.allReady()
	if a, err := p.Client().Artifact(w.ctx, sum); err != nil || a.Size != int64(len(data)) {
		w.t.Errorf("%s has %+v, %v", p.Name, a, err)
	}
	w.must(os.WriteFile(name, data, 0o644))
}
