package httpapi

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

// slowDisk is a catalogue whose artifacts are read until somebody lets go.
type slowDisk struct {
	apitest.Catalogue
	began, done chan struct{}
}

func (d slowDisk) Verify(context.Context, images.Image) ([]images.Verified, error) {
	d.began <- struct{}{}
	<-d.done
	return []images.Verified{{Artifact: "disk", File: "v2.img.gz", Want: "ab", Got: "cd", Problem: "it changed; reload"}}, nil
}

// An image shows where it was last put on a board without fault, and where it is suspect.
func TestImageShowsHowItFares(t *testing.T) {
	t.Parallel()
	f := fleet()
	end := apitest.Now.Add(-time.Hour)
	f.Ended = []actors.Attempt{{Number: 9, Want: board.WantImage, Image: "v2", Result: board.FailedBoot, Ended: apitest.Now},
		{Number: 8, Want: board.WantImage, Image: "v1", Result: board.Ready, Ended: apitest.Now},
		{Number: 7, Want: board.WantImage, Image: "v2", Result: board.Ready, Ended: end}}
	other := apitest.Board("b2", board.Ready)
	other.Board.Card = "v2"
	f.Put(other)
	suspect := func(id, image, rack string, closed time.Time) actors.Incident {
		return actors.Incident{ID: id, Kind: actors.IncidentImage, Subject: image + " on hardware type panda in rack " + rack, Rack: rack, Closed: closed}
	}
	f.Troubles = []actors.Incident{suspect("i1", "v2", "r2", time.Time{}), suspect("i2", "v2", "r1", time.Time{}), suspect("i3", "v2", "r3", end), suspect("i4", "v1", "r1", time.Time{})}
	s := start(t, Config{Fleet: f, Catalogue: func() Catalogue { return apitest.Catalogue{} }})
	_, body := call(t, s, "GET", "/api/v1/images/v2", "")
	var got v1.ImageDetail
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "v2" || got.Boards != 1 || len(got.LastSuccess) != 1 || got.LastSuccess[0].Attempt != 7 || !got.LastSuccess[0].At.Equal(end) ||
		got.LastSuccess[0].Hardware != "qemu-arm64" {
		t.Errorf("%s", body)
	}
	want := []v1.Suspicion{{Rack: "r1", Hardware: "panda", Incident: "i2"}, {Rack: "r2", Hardware: "panda", Incident: "i1"}}
	if !slices.Equal(got.Suspect, want) {
		t.Errorf("suspect %+v", got.Suspect)
	}
}

// One image is hashed at a time, and what is wrong with it is no error of the request.
func TestVerifyImage(t *testing.T) {
	t.Parallel()
	disk := slowDisk{began: make(chan struct{}, 1), done: make(chan struct{})}
	s := start(t, Config{Catalogue: func() Catalogue { return disk }})
	first := make(chan []byte, 1)
	go func() {
		_, body := call(t, s, "POST", "/api/v1/images/v2/verify", "")
		first <- body
	}()
	<-disk.began
	res, body := call(t, s, "POST", "/api/v1/images/v2/verify", "")
	wantProblem(t, res, body, 503, v1.KindUnavailable)
	close(disk.done)
	var got v1.Verification
	if err := json.Unmarshal(<-first, &got); err != nil || got.Good || len(got.Artifacts) != 1 || got.Artifacts[0].Problem == "" {
		t.Errorf("%+v, %v", got, err)
	}
}
