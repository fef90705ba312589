package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

// Library changes the images and hardware types that come by the API. Errors for people are *actors.Problem.
type Library interface {
	// PutImage makes an image, or a new revision of it, of an entry as in images.yaml, as JSON.
	PutImage(ctx context.Context, name string, entry []byte, c images.Condition) (images.Image, error)
	RemoveImage(ctx context.Context, name string, c images.Condition) error
	// PutHardware does the same for a hardware type.
	PutHardware(ctx context.Context, name string, entry []byte, c images.Condition) (images.Hardware, error)
	RemoveHardware(ctx context.Context, name string, c images.Condition) error
}

func noLibrary() error {
	return &apiError{v1.KindNotHere, "images and hardware types of this server do not come by the API", "add them to its images.yaml"}
}

func (s *Server) putImage(r *request) error {
	return s.put(r, func(entry []byte, c images.Condition) (revision string, shape any, err error) {
		i, err := s.cfg.Library.PutImage(r.ctx, r.name, entry, c)
		return i.Revision, imageShape(i, s.cfg.Fleet.Incidents()), err
	})
}

func (s *Server) putHardware(r *request) error {
	return s.put(r, func(entry []byte, c images.Condition) (revision string, shape any, err error) {
		h, err := s.cfg.Library.PutHardware(r.ctx, r.name, entry, c)
		return h.Revision, hardwareShape(h), err
	})
}

// put hands an entry on as it came: the catalogue reads it by the rules of images.yaml, and names the key that is wrong.
func (s *Server) put(r *request, do func(entry []byte, c images.Condition) (revision string, shape any, err error)) error {
	if s.cfg.Library == nil {
		return noLibrary()
	}
	entry, err := r.object()
	if err != nil {
		return err
	}
	cond, err := r.condition()
	if err != nil {
		return err
	}
	s.imaging.Lock() // no upload may go between the look and the deed
	defer s.imaging.Unlock()
	revision, shape, err := do(entry, cond)
	if err != nil {
		return err
	}
	setRevision(r, revision)
	return s.ok(r, shape)
}

// setRevision says which revision an answer shows, for the condition of the next change.
func setRevision(r *request, revision string) {
	r.raw.Response.Header.Set(fasthttp.HeaderETag, strconv.Quote(revision))
}

func (s *Server) removeImage(r *request) error {
	return s.remove(r, func(c images.Condition) error { return s.cfg.Library.RemoveImage(r.ctx, r.name, c) })
}

func (s *Server) removeHardware(r *request) error {
	return s.remove(r, func(c images.Condition) error { return s.cfg.Library.RemoveHardware(r.ctx, r.name, c) })
}

func (s *Server) remove(r *request, do func(images.Condition) error) error {
	if s.cfg.Library == nil {
		return noLibrary()
	}
	if err := r.noBody(); err != nil {
		return err
	}
	cond, err := r.condition()
	if err != nil {
		return err
	}
	if err := do(cond); err != nil {
		return err
	}
	return s.ok(r, struct {
		Status string `json:"status"`
	}{"ok"})
}

// object is a copy of a body that is one JSON object.
func (r *request) object() ([]byte, error) {
	data := bytes.Clone(r.raw.PostBody())
	if t, _, err := mime.ParseMediaType(r.header("Content-Type")); len(data) > 0 && (err != nil || t != "application/json") {
		return nil, &apiError{v1.KindMediaType, "the body is not said to be JSON", "send Content-Type: application/json"}
	}
	var any map[string]json.RawMessage
	if err := json.Unmarshal(data, &any); err != nil || any == nil {
		return nil, bad("send one JSON object, with the keys of an entry in images.yaml", "the body is no JSON object")
	}
	return data, nil
}

// condition reads If-None-Match and If-Match.
func (r *request) condition() (c images.Condition, err error) {
	switch none := strings.TrimSpace(r.header("If-None-Match")); none {
	case "":
	case "*":
		c.New = true
	default:
		return c, bad("send If-None-Match: *, or leave it out", "If-None-Match is %.40q", none)
	}
	text := strings.TrimSpace(r.header("If-Match"))
	if text == "" {
		return c, nil
	}
	if c.Revision, err = strconv.Unquote(text); err != nil || c.Revision == "" || c.New {
		return c, bad(`send its revision in quotes, and no If-None-Match`, "If-Match is %.40q", text)
	}
	return c, nil
}
