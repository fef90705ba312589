package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

// imageRoutes are the routes of single images and hardware types.
func (s *Server) imageRoutes() []route {
	return []route{
		{"GET", v1.Prefix + "/images/{name}", nil, s.image},
		{"PUT", v1.Prefix + "/images/{name}", nil, s.putImage},
		{"DELETE", v1.Prefix + "/images/{name}", nil, s.removeImage},
		{"POST", v1.Prefix + "/images/{name}/verify", nil, s.verifyImage},
		{"POST", v1.Prefix + "/images/{name}/clear", nil, s.clearImage},
		{"GET", v1.Prefix + "/hardware/{name}", nil, s.hardwareType},
		{"PUT", v1.Prefix + "/hardware/{name}", nil, s.putHardware},
		{"DELETE", v1.Prefix + "/hardware/{name}", nil, s.removeHardware},
	}
}

func (s *Server) findImage(name string) (images.Image, error) {
	if c := s.catalogue(); c != nil {
		for _, i := range c.Images() {
			if i.Name == name {
				return i, nil
			}
		}
	}
	return images.Image{}, &apiError{v1.KindNotFound, fmt.Sprintf("there is no image %q", name), "see the list of images"}
}

// image shows an image, who has it, and where it was last put on a board without fault.
func (s *Server) image(r *request) error {
	i, err := s.findImage(r.name)
	if err != nil {
		return err
	}
	out := v1.ImageDetail{Image: imageShape(i, s.cfg.Fleet.Incidents()), LastSuccess: []v1.Success{}}
	last := map[string]v1.Success{}
	for _, v := range s.cfg.Fleet.Views() {
		if v.Board.Card == i.Name {
			out.Boards++
		}
		at, err := s.lastGood(r.ctx, v.Spec.Name, i.Name)
		if err != nil {
			return err
		}
		if at.At.After(last[v.Spec.Hardware].At) {
			at.Hardware = v.Spec.Hardware
			last[at.Hardware] = at
		}
	}
	for _, l := range last {
		out.LastSuccess = append(out.LastSuccess, l)
	}
	slices.SortFunc(out.LastSuccess, func(a, b v1.Success) int { return cmp.Compare(a.Hardware, b.Hardware) })
	setRevision(r, i.Revision)
	return s.ok(r, out)
}

// lastGood is a board's last attempt that put an image on its card; zero: none that is kept.
func (s *Server) lastGood(ctx context.Context, name, image string) (v1.Success, error) {
	attempts, err := s.cfg.Fleet.Attempts(ctx, name, lookBack)
	if err != nil {
		return v1.Success{}, err
	}
	for _, a := range attempts {
		if a.Want == board.WantImage && a.Image == image && a.Result == board.Ready {
			return v1.Success{Board: name, Attempt: a.Number, At: a.Ended.UTC()}, nil
		}
	}
	return v1.Success{}, nil
}

// lookBack is how many attempts of each board are looked at for its last success with an image.
const lookBack = 100

const verifyLimit = 10 * time.Minute // for all artifacts of an image; 100 GB of a slow disk

// verifyImage hashes an image's artifacts again. One image at a time: two would only share the disk.
func (s *Server) verifyImage(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	i, err := s.findImage(r.name)
	if err != nil {
		return err
	}
	select {
	case s.verifying <- struct{}{}:
		defer func() { <-s.verifying }()
	default:
		return &apiError{v1.KindUnavailable, "another image is being verified", "ask again when that is done"}
	}
	ctx, cancel := context.WithTimeout(s.streams, verifyLimit) // it must not keep the server from stopping
	defer cancel()
	all, err := s.catalogue().Verify(ctx, i)
	if err != nil {
		return err
	}
	out := v1.Verification{Image: i.Name, Revision: i.Revision, Good: true, Artifacts: []v1.VerifiedArtifact{}}
	for _, a := range all {
		out.Good = out.Good && a.Problem == ""
		out.Artifacts = append(out.Artifacts, v1.VerifiedArtifact{Name: a.Artifact, File: a.File, Want: a.Want, Got: a.Got, Problem: a.Problem})
	}
	return s.ok(r, out)
}

func (s *Server) hardwareType(r *request) error {
	if c := s.catalogue(); c != nil {
		for _, h := range c.Hardware() {
			if h.Name == r.name {
				setRevision(r, h.Revision)
				return s.ok(r, hardwareShape(h))
			}
		}
	}
	return &apiError{v1.KindNotFound, fmt.Sprintf("there is no hardware type %q", r.name), "see the list of hardware types"}
}

// clearImage ends the suspicion against an image; the boards that wait for it go on.
func (s *Server) clearImage(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	closed, err := s.cfg.Fleet.ClearImage(r.name, r.who)
	if err != nil {
		return err
	}
	all := v1.Incidents{Incidents: []v1.Incident{}}
	for _, i := range closed {
		all.Incidents = append(all.Incidents, incidentOf(i))
	}
	return s.ok(r, all)
}
