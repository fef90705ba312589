package actors

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// perform starts what a stored change asks for. Every answer comes back as an item that carries the visit.
func (a *boardActor) perform(effects []board.Effect) {
	for _, e := range effects {
		a.traceEffect(e)
		switch e.Do {
		case board.MakeOff, board.MakeOn, board.CheckPower, board.Cycle:
			a.switchPower(e)
		case board.Probe:
			a.lookForImage(e.Visit)
		}
	}
}

// switchPower hands the effect to the actor of the board's relay board.
func (a *boardActor) switchPower(e board.Effect) {
	sw, err := a.f.switchOf(a.spec)
	if err != nil {
		a.f.root.Send(a.self, &item{in: board.Input{Kind: board.PowerFailed, Visit: e.Visit, Text: err.Error()}})
		return
	}
	op := &powerOp{do: e.Do, sw: sw, id: a.c.id, name: a.spec.Name, rack: a.spec.Rack, visit: e.Visit, auto: a.b.Auto,
		then: a.b.State == board.Cutting && a.b.Want != board.WantPowerOff, gap: a.f.scale(a.f.rack(a.spec.Rack).rules.PowerOnGap)}
	if a.b.Deadline > 0 {
		op.due = time.UnixMilli(a.b.Deadline)
	}
	a.f.root.Send(a.f.relay(sw), op)
}

// lookDark looks whether a board whose power was read back off answers all the same. Loopback addresses are no boards'.
func (a *boardActor) lookDark() {
	addr := addressOf(a.c.view.Load())
	if !addr.IsValid() || addr.IsLoopback() {
		return
	}
	after := a.f.scale(darkTime) / 2
	if a.b.State == board.Off {
		after = a.f.scale(offLooks)
	}
	f, self, visit := a.f, a.self, a.b.Visit
	time.AfterFunc(after, func() {
		ctx, cancel := context.WithTimeout(f.ctx, f.scale(darkTime)/2)
		defer cancel()
		if f.ctx.Err() == nil && f.cfg.Probe(ctx, addr, Check{Kind: board.VerifyPing}) == nil {
			f.root.Send(self, &item{in: board.Input{Kind: board.StillUp, Visit: visit, Text: "answers pings"}})
		}
	})
}

const (
	offLooks      = 10 * time.Second // after which a board that was switched off is looked at
	quietDefault  = 10 * time.Second // for VerifyLoader without a `for`
	probeInterval = 2 * time.Second
	probeLimit    = 10 * time.Second // of one look
)

// lookForImage starts the proof that the image runs. It ends with the visit.
func (a *boardActor) lookForImage(visit uint64) {
	check := Check{Kind: board.VerifyLoader}
	if a.inputs != nil {
		check = a.inputs.Check
	}
	ctx, cancel := context.WithCancel(a.f.ctx)
	if a.probe != nil {
		a.probe()
	}
	a.probe = cancel
	good := &item{in: board.Input{Kind: board.ProbeOK, Visit: visit}}
	f, self := a.f, a.self
	switch check.Kind {
	case board.VerifyPing, board.VerifyTCP, board.VerifyHTTP:
		addr := addressOf(a.c.view.Load())
		go func() {
			if text, ok := f.watch(ctx, addr, check); ok {
				good.in.Text = text
				f.root.Send(self, good)
			}
		}()
	case board.VerifyCallback, board.VerifyNone:
		// The image speaks for itself, or nothing is asked of it.
	default:
		d := check.For
		if d <= 0 {
			d = quietDefault
		}
		good.in.Text = fmt.Sprintf("the loader stayed quiet for %v (a weak proof)", d)
		t := time.AfterFunc(f.scale(d), func() { f.root.Send(self, good) })
		context.AfterFunc(ctx, func() { t.Stop() })
	}
}

// watch looks at the image until it has answered for as long as check asks without a miss. false: the visit is over.
func (f *Fleet) watch(ctx context.Context, addr netip.Addr, check Check) (string, bool) {
	ticker := time.NewTicker(max(f.scale(probeInterval), time.Millisecond))
	defer ticker.Stop()
	var since time.Time
	for {
		look, cancel := context.WithTimeout(ctx, probeLimit)
		err := f.cfg.Probe(look, addr, check)
		cancel()
		switch {
		case err != nil:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		if !since.IsZero() && time.Since(since) >= f.scale(check.For) {
			return fmt.Sprintf("%s answered for %v", check.Kind, check.For), true
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-ticker.C:
		}
	}
}

// tell says once, in the log and in the board's own, what has happened.
func (a *boardActor) tell(from board.Board, fl *flight) {
	to := &fl.res.Board
	text := fmt.Sprintf("%s → %s (%s)", from.State, to.State, fl.kind)
	severity := 6
	if fl.res.Boot {
		text += fmt.Sprintf(", boot %d with token %s", to.Boot, to.Token.Short())
	}
	if to.State == board.Waiting {
		text += ", for " + string(to.WaitingFor)
	}
	if failed := fl.res.Failed; failed != nil {
		severity = 4
		text += fmt.Sprintf(": %s: %s", failed.Blame.Part, failed.Blame.Text)
	}
	if to.State.Failed() {
		severity = 3
	}
	a.f.log.Info("transition", "board", a.spec.Name, "from", string(from.State), "to", string(to.State), "by", string(fl.kind),
		"visit", to.Visit, "attempt", to.Attempt)
	a.f.line(a.spec.Name, "statemachine", severity, text)
	if a.f.cfg.Told == nil {
		return
	}
	if e, err := decodeEvent(fl.change.Event); err == nil {
		a.f.cfg.Told(a.spec.Name, a.spec.Rack, e)
	}
}

// line adds a line to a board's log.
func (f *Fleet) line(name, source string, severity int, text string) {
	if f.cfg.Logs != nil {
		f.cfg.Logs.Append(persistence.Line{Board: name, At: f.now(), Source: source, Severity: severity, Text: board.CutTokens(text)})
	}
}
