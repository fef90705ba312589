package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"mozpool/actors/board"
)

// Health is what the last check of a ready board found. Zero: none was made yet.
type Health struct {
	At   time.Time
	OK   bool
	Text string // what was seen, or why the board is not checked
}

// healthLooks are how often a check looks before it calls a board ill: a lost packet is no illness.
const healthLooks = 3

// checked is the outcome of a health check.
type checked struct {
	visit uint64
	err   error
}

// armHealth starts the regular check of a ready board, or says why there is none. Only proofs that can be looked for
// again are repeated, of an image that is known to be on the card.
func (a *boardActor) armHealth() {
	every := a.f.scale(a.f.rack(a.spec.Rack).rules.HealthEvery)
	if a.health != nil {
		a.health.Stop()
		a.health = nil
	}
	if a.b.State != board.Ready || every <= 0 {
		return
	}
	if why := a.unchecked(); why != "" {
		if a.found.Text != why {
			a.found = Health{OK: true, Text: why}
			a.publish()
		}
		return
	}
	f, self, visit := a.f, a.self, a.b.Visit
	a.health = time.AfterFunc(every+rand.N(every/10+1), func() {
		if f.ctx.Err() == nil {
			f.root.Send(self, &checkDue{visit})
		}
	})
}

// checkDue asks for a health check.
type checkDue struct{ visit uint64 }

// unchecked says why a ready board cannot be checked; empty: it can.
func (a *boardActor) unchecked() string {
	switch {
	case a.b.Card == "" || a.inputs == nil:
		return "not checked: it is not known what it runs"
	case a.inputs.Check.Kind != board.VerifyPing && a.inputs.Check.Kind != board.VerifyTCP && a.inputs.Check.Kind != board.VerifyHTTP:
		return fmt.Sprintf("not checked: the proof of its image (%s) cannot be repeated", a.inputs.Check.Kind)
	}
	return ""
}

// checkHealth looks at the image, outside the actor.
func (a *boardActor) checkHealth(m *checkDue) {
	if m.visit != a.b.Visit || a.unchecked() != "" {
		return
	}
	f, self, addr, check := a.f, a.self, addressOf(a.c.view.Load()), a.inputs.Check
	go func() {
		var err error
		for i := range healthLooks {
			if i > 0 {
				f.pause(f.ctx, f.scale(probeInterval))
			}
			ctx, cancel := context.WithTimeout(f.ctx, probeLimit)
			err = f.cfg.Probe(ctx, addr, check)
			cancel()
			if err == nil {
				break
			}
		}
		if f.ctx.Err() == nil {
			f.root.Send(self, &checked{m.visit, err})
		}
	}()
}

// healthChecked takes what a check found. People hear of an illness once; a rack that asks for recovery gets a power
// cycle, within the budget of what the server starts by itself.
func (a *boardActor) healthChecked(m *checked) {
	if m.visit != a.b.Visit {
		return
	}
	was := a.found
	a.found = Health{At: a.f.now(), OK: m.err == nil, Text: "answers"}
	if m.err != nil {
		a.found.Text = m.err.Error()
	}
	switch {
	case m.err != nil && (was.OK || was.At.IsZero()):
		a.f.log.Warn("a ready board does not answer its health check", "board", a.spec.Name, "error", m.err)
		a.f.line(a.spec.Name, "statemachine", 4, "health check failed: "+m.err.Error())
		if a.f.rack(a.spec.Rack).rules.Recover {
			go a.f.begin(a.spec.Name, board.WantPowerCycle, "health check")
		}
	case m.err == nil && !was.OK && !was.At.IsZero():
		a.f.line(a.spec.Name, "statemachine", 5, "answers its health check again")
	}
	a.publish()
	a.armHealth()
}
