package httpapi

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images/janitor"
)

// TestStoreList: uploads come first; each says what it is, where it came from, who uses it, or since when nobody does.
func TestStoreList(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Store: &apitest.Store{}})
	_, body := call(t, s, "GET", artifactsPath, "")
	var all v1.StoredArtifacts
	if err := json.Unmarshal(body, &all); err != nil || len(all.Artifacts) != 3 {
		t.Fatalf("%s, %v", body, err)
	}
	pushed, made, fetched := all.Artifacts[0], all.Artifacts[1], all.Artifacts[2]
	if pushed.Kind != "upload" || pushed.UnusedSince != nil || pushed.Images[0] != "v3" || pushed.Boards[0] != "b1" {
		t.Errorf("%+v", pushed)
	}
	if made.Kind != "unpacked" || made.From != "artifacts/v1.img.zst" || made.UnusedSince == nil || made.Images == nil {
		t.Errorf("%+v", made)
	}
	if fetched.Kind != "fetched" || fetched.From != "http://builds/n1.img" || !fetched.UnusedSince.Equal(apitest.Now.Add(-time.Hour)) {
		t.Errorf("%+v", fetched)
	}
}

// TestPrune: what goes is told, a dry run removes nothing, and what cannot be understood is refused.
func TestPrune(t *testing.T) {
	t.Parallel()
	store := &apitest.Store{Grace: 12 * time.Hour, Pruned: -1}
	s := start(t, Config{Store: store})
	prune := func(body string) (got v1.Pruned) {
		t.Helper()
		res, answer := call(t, s, "POST", artifactsPath+"/prune", body)
		if err := json.Unmarshal(answer, &got); err != nil || res.StatusCode != 200 {
			t.Fatalf("%d %s, %v", res.StatusCode, answer, err)
		}
		return got
	}
	if got := prune(`{"unused_for":"0s","dry_run":true}`); len(got.Artifacts) != 2 || got.Others != 1 || got.Bytes != 565 || !got.DryRun || store.Pruned != -1 {
		t.Errorf("%+v, told %v", got, store.Pruned)
	}
	if got := prune(`{}`); len(got.Artifacts) != 1 || got.Artifacts[0].SHA256 != apitest.Sums[janitor.Unpacked] || got.DryRun || store.Pruned != 12*time.Hour {
		t.Errorf("%+v, told %v", got, store.Pruned)
	}
	if prune(`{"unused_for":"7d"}`); store.Pruned != 168*time.Hour {
		t.Errorf("told %v", store.Pruned)
	}
	for _, body := range []string{`{"unused_for":"soon"}`, `{"unused_for":"99999999h"}`, `{"unused_for":"-1h"}`} {
		res, answer := call(t, s, "POST", artifactsPath+"/prune", body)
		wantProblem(t, res, answer, 400, v1.KindBadRequest)
	}
	store.Grace = 0
	res, answer := call(t, s, "POST", artifactsPath+"/prune", `{}`)
	wantProblem(t, res, answer, 400, v1.KindBadRequest)
	store.Err = janitor.ErrBusy
	res, answer = call(t, s, "POST", artifactsPath+"/prune", `{"unused_for":"1h"}`)
	wantProblem(t, res, answer, 503, v1.KindUnavailable)
	store.Err = errors.New("the disk is gone")
	if res, answer = call(t, s, "POST", artifactsPath+"/prune", `{"unused_for":"1h"}`); res.StatusCode != 500 {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	res, answer = call(t, start(t, Config{}), "POST", artifactsPath+"/prune", `{}`)
	wantProblem(t, res, answer, 501, v1.KindNotHere)
	if needOf("POST", artifactsPath+"/prune") != access.Admin {
		t.Error("the store is the administrator's")
	}
}
