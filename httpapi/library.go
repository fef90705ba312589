package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"strconv"
	"strings"

	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

// Library changes the images that come by the API. Errors for people are *actors.Problem.
type Library interface {
	// PutImage makes an image, or a new revision of it, of an entry as in images.yaml, as JSON.
	PutImage(ctx context.Context, name string, entry []byte, c images.Condition) (images.Image, error)
	RemoveImage(ctx context.Context, name string) error
}

func noLibrary() error {
	return &apiError{v1.KindNotHere, "images of this server do not come by the API", "add them to its images.yaml"}
}

// putImage hands an entry on as it came: the catalogue reads it by the rules of images.yaml, and names the key that is
// wrong.
func (s *Server) putImage(r *request) error {
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
	i, err := s.cfg.Library.PutImage(r.ctx, r.name, entry, cond)
	if err != nil {
		return err
	}
	r.raw.Response.Header.Set("ETag", strconv.Quote(i.Revision))
	return s.ok(r, imageShape(i))
}

func (s *Server) removeImage(r *request) error {
	if s.cfg.Library == nil {
		return noLibrary()
	}
	if err := r.noBody(); err != nil {
		return err
	}
	if err := s.cfg.Library.RemoveImage(r.ctx, r.name); err != nil {
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
		return nil, bad("send one JSON object, with the keys of an entry under images in images.yaml", "the body is no JSON object")
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
		return c, bad(`send the image's revision in quotes, and no If-None-Match`, "If-Match is %.40q", text)
	}
	return c, nil
}
