package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// PutImage implements httpapi.Library. It takes as long as hashing what the image unpacks to, if that was not done before,
// and in a cluster as long as fetching what was uploaded to another server.
func (l *library) PutImage(ctx context.Context, name string, entry []byte, cond images.Condition) (images.Image, error) {
	if err := images.CheckName(name); err != nil {
		return images.Image{}, &actors.Problem{Kind: actors.BadRequest, Text: err.Error(), Remedy: "put it under another name"}
	}
	c := change{Entry: images.Entry{Kind: images.OfImage, Name: name, Data: entry}, cond: cond, fit: func(_, _ *images.Catalogue) error { return nil }}
	next, err := l.carryOut(ctx, c)
	if l.fetchFor(ctx, err) {
		next, err = l.carryOut(ctx, c)
	}
	var lacking *images.LackingError
	if errors.As(err, &lacking) {
		err = &actors.Problem{Kind: actors.BadRequest, Text: "the image was not taken: " + lacking.Error(), Remedy: "upload it first: mozpool artifact push FILE"}
	}
	if err != nil {
		return images.Image{}, err
	}
	i, _ := next.Image(name)
	return i, nil
}

// RemoveImage implements httpapi.Library.
func (l *library) RemoveImage(ctx context.Context, name string, cond images.Condition) error {
	c := change{Entry: images.Entry{Kind: images.OfImage, Name: name}, cond: cond, fit: func(now, _ *images.Catalogue) error {
		if users := l.usersOfImage(now, name); len(users) > 0 {
			return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("image %s is used by %s", name, few(users)), Remedy: "wait for those boards, or cancel their wishes; name another image for those hardware types"}
		}
		return nil
	}}
	_, err := l.carryOut(ctx, c)
	return err
}

// usersOfImage are the boards on their way to an image, and the hardware types that name it.
func (l *library) usersOfImage(c *images.Catalogue, name string) (users []string) {
	for _, h := range c.Hardware() {
		if h.SelfTest == name || h.Maintenance == name {
			users = append(users, "hardware type "+h.Name)
		}
	}
	for _, v := range l.s.boards.Views() {
		if v.Inputs == nil || v.Board.State.Rest() {
			continue
		}
		if o, ok := v.Inputs.Order.(*images.Order); ok && o.Image == name {
			users = append(users, "board "+v.Spec.Name)
		}
	}
	return users
}

// PutHardware implements httpapi.Library. The files that the type names have to be in this server's folder; another server
// that lacks them says so in its log, and when one of its boards needs them.
func (l *library) PutHardware(ctx context.Context, name string, entry []byte, cond images.Condition) (images.Hardware, error) {
	fit := func(_, next *images.Catalogue) error {
		h, _ := next.HardwareType(name)
		if err := next.Whole(h).Err(); err != nil {
			return &actors.Problem{Kind: actors.BadRequest, Text: "the hardware type was not taken:\n" + err.Error(), Remedy: "put that there, then put the type again"}
		}
		if err := next.Harmed(h).Err(); err != nil {
			return &actors.Problem{Kind: actors.Refused, Text: "the hardware type was not taken:\n" + err.Error(), Remedy: "change those images first"}
		}
		return nil
	}
	next, err := l.carryOut(ctx, change{Entry: images.Entry{Kind: images.OfHardware, Name: name, Data: entry}, cond: cond, fit: fit})
	if err != nil {
		return images.Hardware{}, err
	}
	h, _ := next.HardwareType(name)
	return h, nil
}

// RemoveHardware implements httpapi.Library.
func (l *library) RemoveHardware(ctx context.Context, name string, cond images.Condition) error {
	c := change{Entry: images.Entry{Kind: images.OfHardware, Name: name}, cond: cond, fit: func(now, _ *images.Catalogue) error {
		if users := l.usersOfHardware(now, name); len(users) > 0 {
			return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("hardware type %s is used by %s", name, few(users)), Remedy: "give those boards another type in the list that they come from, and remove those images, or name other types in them"}
		}
		return nil
	}}
	_, err := l.carryOut(ctx, c)
	return err
}

// usersOfHardware are the images that name a hardware type, and the boards of it.
func (l *library) usersOfHardware(c *images.Catalogue, name string) (users []string) {
	for _, i := range c.Images() {
		if slices.Contains(i.Hardware, name) {
			users = append(users, "image "+i.Name)
		}
	}
	for _, v := range l.s.boards.Views() {
		if v.Spec.Hardware == name {
			users = append(users, "board "+v.Spec.Name)
		}
	}
	return users
}
