package mozilla

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"mozpool/actors/inventory/source/record"
	"mozpool/actors/inventory/source/web"
)

// decommissioned is the status of hosts that are gone.
const decommissioned = "decommissioned"

// keepWords is how long a look-up is believed: there are a handful, and they
// change less often than people.
const keepWords = 24 * time.Hour

// words are what a look-up says, of a status or of a model.
type words struct {
	Status string `json:"status"`
	Vendor string `json:"vendor"`
	Model  string `json:"model"`
	none   bool   // the inventory has nothing there
}

// forget drops look-ups that are too old.
func (s *Source) forget() {
	if now := s.c.Clock(); s.words == nil || now.Sub(s.since) >= keepWords {
		s.words, s.since = make(map[string]words), now
	}
}

// reference is how hosts point to a status or a model: by its number, or by an
// address that ends with it.
var reference = regexp.MustCompile(`^(?:.*/)?([0-9]{1,12})/?$`)

// look says what a host's key points to; the zero words: to nothing. What is
// wrong with it is a problem of the field; an error means that it could not be
// asked.
func (s *Source) look(ctx context.Context, r *record.Reader, field, key, kind string) (words, error) {
	text := r.Text(field, key)
	if text == "" {
		return words{}, nil
	}
	m := reference.FindStringSubmatch(text)
	if m == nil {
		r.Problem(field, fmt.Sprintf("%s is %.60q; a number is wanted", key, text))
		return words{}, nil
	}
	path := "/en-US/core/api/v1_core/" + kind + "/" + m[1] + "/"
	w, known := s.words[path]
	if !known {
		var err error
		if w, err = s.ask(ctx, path); err != nil {
			return words{}, err
		}
		s.words[path] = w
	}
	if w.none {
		r.Problem(field, fmt.Sprintf("%s is %s, and the inventory has nothing at %s", key, m[1], path))
	}
	return w, nil
}

func (s *Source) ask(ctx context.Context, path string) (words, error) {
	var w words
	err := s.site.Get(ctx, s.endpoint(path, nil), http.Header{"Accept": {"application/json"}}, func(a web.Answer) error {
		w = words{}
		if err := json.Unmarshal(a.Body, &w); err != nil {
			return web.Again(fmt.Errorf("the answer is no status and no model: %w", err))
		}
		return nil
	})
	if errors.Is(err, web.ErrNotFound) {
		return words{none: true}, nil
	}
	return w, err
}

// hardware is the hardware type of a host's model.
func (s *Source) hardware(ctx context.Context, r *record.Reader) (string, error) {
	w, err := s.look(ctx, r, "hardware", "server_model", "servermodel")
	if err != nil {
		return "", err
	}
	if w.Model == "" {
		r.Problem("hardware", "the host has no server_model; choose one in the inventory")
		return "", nil
	}
	for _, name := range []string{strings.TrimSpace(w.Vendor + " " + w.Model), w.Model} {
		if to, ok := s.c.Hardware[name]; ok {
			return to, nil
		}
	}
	return w.Model, nil
}
