package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"mozpool/cmd/mozpool/running"
	"mozpool/cmd/mozpool/server"
)

// watched is a server that is opened, with what watches over it.
type watched struct {
	server *server.Server
	log    *slog.Logger
	notify running.Notifier
}

// run serves until ctx ends, and lets go of the server in any case.
func (w *watched) run(ctx context.Context, profiles string) error {
	crashes, err := running.ArmCrashes(w.server.CrashFolder(), fmt.Sprintf("mozpool %s, commit %s", version, commit))
	if err != nil {
		return errors.Join(err, w.server.Close())
	}
	w.reportCrash(ctx, crashes)
	watching, stop := context.WithCancel(ctx)
	var others sync.WaitGroup
	if err := w.profile(watching, &others, profiles); err != nil {
		stop()
		return errors.Join(usageError{err}, w.server.Close(), crashes.Disarm())
	}
	fmt.Println(w.server.ReadyLine())
	w.told(w.notify.Ready(w.server.ReadyLine()))
	others.Go(func() { w.notify.Watch(watching, w.server.Alive, w.told) })
	tellEnd := context.AfterFunc(ctx, func() { w.told(w.notify.Stopping()) })
	err = bounded(ctx, w.server.Stopping(), func() error { return w.server.Run(ctx) })
	tellEnd()
	stop()
	others.Wait()
	return errors.Join(err, crashes.Disarm())
}

// told logs that the service manager could not be told: the server serves on.
func (w *watched) told(err error) {
	if err != nil {
		w.log.Warn("service manager", "error", err)
	}
}

// reportCrash adds to the report of a crash what the logs still know, and says where it is.
func (w *watched) reportCrash(ctx context.Context, crashes *running.Crashes) {
	if crashes.Report == "" {
		return
	}
	if err := crashes.Complete(w.server.LastEvents(ctx, crashes.Died())); err != nil {
		w.log.Warn("crash report", "error", err)
	}
	w.log.Error("the server crashed the last time; please send its report to whoever keeps it going", "report", crashes.Report)
}

// profile serves profiles where they are wanted, until watching ends.
func (w *watched) profile(watching context.Context, others *sync.WaitGroup, address string) error {
	if address == "" {
		return nil
	}
	p, err := running.ListenProfiles(watching, address, w.server.Administers)
	if err != nil {
		return err
	}
	w.log.Info("profiles", "url", p.URL())
	others.Go(func() {
		if err := p.Run(watching); err != nil {
			w.log.Error("profiles", "error", err)
		}
	})
	return nil
}
