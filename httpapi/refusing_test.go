package httpapi

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/inventory/keeper"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/dumps"
	"mozpool/netboot/images"
	"mozpool/netboot/images/imports"
	"mozpool/netboot/images/janitor"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"

	"github.com/prometheus/client_golang/prometheus"
)

// wellConfig is a server with everything that the API can show and change.
func wellConfig(t *testing.T) Config {
	t.Helper()
	store := artifactStore(t)
	if _, err := store.Put(artifactSum(uploaded), "a.img", -1, strings.NewReader(uploaded), apitest.Now); err != nil {
		t.Fatal(err)
	}
	return Config{Fleet: fleet(), Dumps: apitest.Dumps{}, Inventory: apitest.Inventory{}, Level: new(slog.LevelVar), MaxBody: 1000, Cluster: &ordered{},
		Library: &apitest.Library{}, Artifacts: keeping{store}, Imports: apitest.Imports{Store: store}, Store: &apitest.Store{Grace: time.Hour}, Logs: &apitest.Logs{}, Metrics: prometheus.NewRegistry(),
		Reload: func(context.Context) error { return nil },
		Backup: func(context.Context, bool) (Backup, error) { return written{closed: new(atomic.Int32)}, nil }, Catalogue: func() Catalogue { return apitest.Catalogue{} }}
}

// keeping is a store that says it deletes, and does not: each route of a sweep finds it as it was.
type keeping struct{ *uploads.Store }

func (keeping) Delete(string) error { return nil }

// refusingConfig is one in which whoever is asked refuses.
func refusingConfig(no error) Config {
	return Config{Fleet: refusing{fleet(), no}, Dumps: refusingDumps{no}, Inventory: refusingInventory{no: no}, Cluster: refusingCluster{no}, Logs: refusingLogs{no},
		Library: refusingLibrary{no}, Artifacts: refusingArtifacts{no}, Imports: refusingArtifacts{no}, Store: refusingStore{no}, Reload: func(context.Context) error { return no }, Level: new(slog.LevelVar), Metrics: prometheus.NewRegistry(),
		Backup: func(context.Context, bool) (Backup, error) { return nil, no }, Catalogue: func() Catalogue { return refusingCatalogue{no: no} }}
}

// refusingStore tells nothing of its files, and clears none.
type refusingStore struct{ no error }

func (r refusingStore) Files(context.Context) ([]janitor.File, error) { return nil, r.no }
func (refusingStore) Keep() time.Duration                             { return time.Hour }
func (r refusingStore) Unused(context.Context, time.Duration) ([]janitor.File, error) {
	return nil, r.no
}
func (r refusingStore) Prune(context.Context, time.Duration) ([]janitor.File, error) {
	return nil, r.no
}

// refusing is a fleet of which nobody does, or tells, anything that has to be asked for.
type refusing struct {
	*apitest.Fleet
	no error
}

func (r refusing) Wish(context.Context, string, actors.Request) (actors.Answer, error) {
	return actors.Answer{}, r.no
}

func (r refusing) Do(context.Context, string, actors.Order) (actors.Answer, error) {
	return actors.Answer{}, r.no
}

func (r refusing) Why(string) (actors.Why, error) { return actors.Why{}, r.no }

func (r refusing) Attempts(context.Context, string, int) ([]actors.Attempt, error) { return nil, r.no }

func (r refusing) History(context.Context, string, int) ([]actors.Event, error) { return nil, r.no }

func (r refusing) Repaired(context.Context, string, actors.RepairOrder) (actors.Answer, error) {
	return actors.Answer{}, r.no
}

func (r refusing) Repairs(context.Context, string) ([]actors.Repair, error) { return nil, r.no }

func (r refusing) Relay(context.Context, string, actors.RelayDo, string, bool) (bool, error) {
	return false, r.no
}

func (r refusing) TestRelay(context.Context, string) error { return r.no }

func (r refusing) CloseIncident(string, string) (actors.Incident, error) {
	return actors.Incident{}, r.no
}

func (r refusing) ClearImage(string, string) ([]actors.Incident, error) { return nil, r.no }

func (r refusing) CheckWiring(context.Context, string, []string, string, func(actors.WiringStep)) error {
	return r.no
}

type refusingDumps struct{ no error }

func (r refusingDumps) List(string) ([]dumps.File, error)     { return nil, r.no }
func (r refusingDumps) Read(string, string) (*os.File, error) { return nil, r.no }
func (r refusingDumps) Delete(string, string) error           { return r.no }

type refusingInventory struct {
	apitest.Inventory
	no error
}

func (r refusingInventory) Ask(context.Context) error { return r.no }
func (r refusingInventory) Approve(context.Context, string, string) (keeper.Entry, error) {
	return keeper.Entry{}, r.no
}
func (r refusingInventory) History(context.Context) ([]keeper.Entry, error) { return nil, r.no }

type refusingCluster struct{ no error }

func (r refusingCluster) Status() (v1.Cluster, error)            { return v1.Cluster{}, r.no }
func (r refusingCluster) Join(context.Context, string) error     { return r.no }
func (r refusingCluster) Transfer(context.Context, string) error { return r.no }
func (r refusingCluster) Remove(context.Context, string) error   { return r.no }
func (r refusingCluster) Drain(context.Context, string) error    { return r.no }
func (r refusingCluster) Undrain(context.Context, string) error  { return r.no }

type refusingLogs struct{ no error }

func (r refusingLogs) Query(context.Context, persistence.Filter) ([]persistence.Line, error) {
	return nil, r.no
}

func (r refusingLogs) Export(context.Context, persistence.Filter, func(persistence.Line) bool) error {
	return r.no
}

func (r refusingLogs) Follow(context.Context, persistence.Filter, func(persistence.Line, uint64) bool) error {
	return r.no
}

type refusingLibrary struct{ no error }

func (r refusingLibrary) PutImage(context.Context, string, []byte, images.Condition) (images.Image, error) {
	return images.Image{}, r.no
}

func (r refusingLibrary) RemoveImage(context.Context, string, images.Condition) error { return r.no }

func (r refusingLibrary) PutHardware(context.Context, string, []byte, images.Condition) (images.Hardware, error) {
	return images.Hardware{}, r.no
}

func (r refusingLibrary) RemoveHardware(context.Context, string, images.Condition) error { return r.no }

type refusingArtifacts struct{ no error }

func (r refusingArtifacts) List() ([]uploads.Artifact, error)    { return nil, r.no }
func (r refusingArtifacts) Has(string) (uploads.Artifact, error) { return uploads.Artifact{}, r.no }
func (r refusingArtifacts) Delete(string) error                  { return r.no }
func (r refusingArtifacts) Put(string, string, int64, io.Reader, time.Time) (uploads.Artifact, error) {
	return uploads.Artifact{}, r.no
}
func (r refusingArtifacts) Import(context.Context, imports.Wanted) (uploads.Artifact, error) {
	return uploads.Artifact{}, r.no
}

type refusingCatalogue struct {
	apitest.Catalogue
	no error
}

func (r refusingCatalogue) Verify(context.Context, images.Image) ([]images.Verified, error) {
	return nil, r.no
}
