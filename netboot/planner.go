package netboot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

// Planner pins what attempts need, from the catalogue. It is the actors' Planner.
type Planner struct {
	Catalogue *images.Published
}

var _ actors.Planner = Planner{}

// Plan implements actors.Planner. A wish for power has no files; what it pins is how the image that is known to be on
// the card, if it still is in the catalogue, proves that it came up.
func (p Planner) Plan(ctx context.Context, spec inventory.Spec, want board.Want, image string, config map[string]string) (*actors.Inputs, error) {
	c := p.Catalogue.Get()
	hardware, ok := c.HardwareType(spec.Hardware)
	if !ok {
		return nil, &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("its hardware type %s is not known any more", spec.Hardware),
			Remedy: "add the type to images.yaml, or correct boards.yaml"}
	}
	switch want {
	case board.WantImage:
	case board.WantMaintenance:
		image = hardware.Maintenance
	case board.WantSelfTest:
		image = hardware.SelfTest
	default:
		return p.power(c, hardware, image)
	}
	if image == "" {
		return nil, &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("hardware type %s names no image for %s", spec.Hardware, want),
			Remedy: "set it in images.yaml"}
	}
	o, err := c.Resolve(ctx, image, spec.Hardware, config)
	if err != nil {
		return nil, problemOf(err)
	}
	if want != board.WantImage {
		o.Verify = images.Verify{Kind: images.VerifyLoader} // what is on the card afterwards is what was there before
	}
	return pin(&o)
}

// power pins a wish that boots the board from its card.
func (p Planner) power(c *images.Catalogue, hardware images.Hardware, image string) (*actors.Inputs, error) {
	o := images.Order{Image: image, Hardware: images.Machine{Name: hardware.Name, Disk: hardware.Disk}, Limits: hardware.Limits,
		Install: images.InstallScript, Readback: images.ReadbackOff, // nothing is installed; but an order without them is not read again
		Verify: images.Verify{Kind: images.VerifyLoader}}
	if known, ok := c.Image(image); ok {
		o.Verify = known.Verify
		o.Compat = known.Compat
	}
	return pin(&o)
}

func pin(o *images.Order) (*actors.Inputs, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("pin image %s: %w", o.Image, err)
	}
	if len(raw) > persistence.MaxInputs {
		return nil, &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("image %s takes %d bytes to remember, more than %d", o.Image, len(raw), persistence.MaxInputs),
			Remedy: "shorten its script or the wish's config; data belongs into artifacts"}
	}
	return inputs(o, raw), nil
}

// Open implements actors.Planner.
func (Planner) Open(raw []byte) (*actors.Inputs, error) {
	var o images.Order
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, fmt.Errorf("read a pinned image: %w", err)
	}
	return inputs(&o, raw), nil
}

func inputs(o *images.Order, raw []byte) *actors.Inputs {
	in := &actors.Inputs{Raw: raw, Order: o, Compat: o.Compat, Check: actors.Check{Kind: board.VerifyKind(o.Verify.Kind), For: o.Verify.For.Std(),
		Port: o.Verify.Port, Expect: o.Verify.Expect, URL: o.Verify.URL, Status: o.Verify.Status}}
	for _, a := range o.Artifacts {
		if a.To != "" {
			in.Bytes += a.Unpacked.Size
		}
	}
	for state, d := range o.Limits {
		if state == "stall" {
			in.Stall = d.Std()
			continue
		}
		if in.Limits == nil {
			in.Limits = make(map[board.State]time.Duration)
		}
		in.Limits[board.State(state)] = d.Std()
	}
	return in
}

// problemOf says for people what the catalogue found.
func problemOf(err error) error {
	var unknown *images.UnknownError
	var refused *images.RefusedError
	var config *images.ConfigError
	var lacking *images.LackingError
	switch {
	case errors.As(err, &unknown):
		remedy := "see the list of images"
		if unknown.Near != "" {
			remedy = "did you mean " + unknown.Near + "?"
		}
		return &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("there is no %s %q", unknown.Kind, unknown.Name), Remedy: remedy}
	case errors.As(err, &lacking):
		return &actors.Problem{Kind: actors.Unavailable, Text: lacking.Error(), Remedy: "ask again: it is being fetched from the server that has it"}
	case errors.As(err, &refused):
		return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("image %s cannot go onto %s: %s", refused.Image, refused.Hardware, refused.Reason),
			Remedy: refused.Remedy}
	case errors.As(err, &config):
		return &actors.Problem{Kind: actors.BadRequest, Text: fmt.Sprintf("image %s: config key %s %s", config.Image, config.Key, config.Reason),
			Remedy: "give it with --config KEY=VALUE, or in \"config\""}
	}
	return err
}
