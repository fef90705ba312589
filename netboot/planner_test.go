package netboot

import (
	"errors"
	"testing"

	"mozpool/actors"
	"mozpool/actors/board"
)

func TestPlannerSaysWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	p, spec := Planner{Catalogue: r.cfg.Catalogue}, r.fleet.view.Spec
	for _, c := range []struct {
		hardware, image string
		config          map[string]string
		kind            actors.ProblemKind
	}{
		{spec.Hardware, "v9", nil, actors.NotFound},
		{spec.Hardware, "v1", nil, actors.BadRequest},
		{"pdp11", "v1", nil, actors.Refused},
	} {
		s := spec
		s.Hardware = c.hardware
		_, err := p.Plan(t.Context(), s, board.WantImage, c.image, c.config)
		var problem *actors.Problem
		if !errors.As(err, &problem) || problem.Kind != c.kind || problem.Remedy == "" {
			t.Errorf("%s on %s: %v, want %s", c.image, c.hardware, err, c.kind)
		}
	}
}

func TestPlannerPinsAndOpens(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	p, spec := Planner{Catalogue: r.cfg.Catalogue}, r.fleet.view.Spec
	for _, c := range []struct {
		want         board.Want
		image, named string
		files        bool
	}{
		{board.WantMaintenance, "", "mozpool/maintenance", true}, {board.WantSelfTest, "", "mozpool/self-test", true},
		{board.WantPowerCycle, "v1", "v1", false}, {board.WantPowerOff, "gone", "gone", false}, {board.WantPowerOn, "", "", false},
	} {
		in, err := p.Plan(t.Context(), spec, c.want, c.image, nil)
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		again, err := p.Open(in.Raw)
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		o := order(&actors.View{Inputs: again})
		if o == nil || o.Image != c.named || (o.Hardware.Kernel.Path != "") != c.files || again.Check != in.Check || in.Check.Kind != board.VerifyLoader {
			t.Errorf("%s: %+v, check %+v", c.want, o, in.Check)
		}
	}
	if _, err := p.Open([]byte("{")); err == nil {
		t.Error("half an order was opened")
	}
}
