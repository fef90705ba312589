package netbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"mozpool/actors/inventory/source/web"
)

// pageSize is how many objects a page has; NetBox may give fewer, and by
// default never gives more than 1000.
const pageSize = 500

// maxObjects bounds what a list that never ends can do.
const maxObjects = 500_000

// page is what NetBox answers to a list.
type page struct {
	Count   *int              `json:"count"`
	Next    *string           `json:"next"`
	Results []json.RawMessage `json:"results"`
}

// endpoint is an address of the API.
func (s *Source) endpoint(path string, query url.Values) *url.URL {
	u := s.site.At()
	u.Path = strings.TrimSuffix(u.Path, "/") + "/api/" + path
	u.RawQuery = query.Encode()
	return u
}

// errShifted says that the list was changed while its pages were read.
var errShifted = errors.New("the list changed while its pages were read")

// list asks for all pages and hands each object to take, which returns its id;
// begin is called before each beginning. A list that was shifted is read anew.
func (s *Source) list(ctx context.Context, path string, query url.Values, take func(json.RawMessage) (id string, err error), begin func()) error {
	query.Set("limit", strconv.Itoa(pageSize))
	query.Set("ordering", "id")
	first := s.endpoint(path, query)
	for try := 1; ; try++ {
		begin()
		err := s.pages(ctx, first, take)
		if try == web.Tries || !errors.Is(err, errShifted) {
			return err
		}
	}
}

// pages reads the list once. NetBox counts pages off by places in the sorted
// list, so an object that goes away shifts those behind it, and one would be
// missed, and its board removed. Hence each page is asked for from the last
// object of the one before, which has to be there again.
func (s *Source) pages(ctx context.Context, first *url.URL, take func(json.RawMessage) (string, error)) error {
	read, last := 0, ""
	for at, overlaps := first, false; at != nil; {
		var p page
		if err := s.site.Get(ctx, at, nil, func(a web.Answer) error { return p.read(a.Body) }); err != nil {
			return err
		}
		ids, err := taken(p.Results, overlaps, last, take)
		if err != nil {
			return fmt.Errorf("inventory source %s: %s: %w", s.c.Title, at.Redacted(), err)
		}
		next, again, err := s.next(first, p)
		if err != nil {
			return fmt.Errorf("inventory source %s: %s: %w", s.c.Title, at.Redacted(), err)
		}
		read += len(ids)
		if next == nil && read != *p.Count || next != nil && len(ids) == 0 {
			return fmt.Errorf("inventory source %s: %s: %w: of %d objects %d came", s.c.Title, at.Redacted(), errShifted, *p.Count, read)
		}
		if len(ids) > 0 {
			last = ids[len(ids)-1]
		}
		at, overlaps = next, again
	}
	return nil
}

// taken hands the objects of a page to take, but for the first one of a page
// that overlaps with one that ended with last.
func taken(results []json.RawMessage, overlaps bool, last string, take func(json.RawMessage) (string, error)) ([]string, error) {
	if overlaps {
		var first struct{ ID json.Number }
		if len(results) == 0 || json.Unmarshal(results[0], &first) != nil || first.ID.String() != last {
			return nil, fmt.Errorf("%w: object %s is not where it was", errShifted, last)
		}
		results = results[1:]
	}
	ids := make([]string, 0, len(results))
	for i, data := range results {
		id, err := take(data)
		if err != nil {
			return nil, fmt.Errorf("object %d of the page: %w", i+1, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// read takes the body of an answer; one that ends too early may be whole the
// next time.
func (p *page) read(body []byte) error {
	*p = page{}
	err := json.Unmarshal(body, p)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(body)):
		return web.Again(fmt.Errorf("the answer is cut off after %d bytes", len(body)))
	case err != nil || p.Count == nil || p.Results == nil:
		return errors.New("the answer is no list of NetBox's API; write the address of NetBox itself, without /api")
	case *p.Count > maxObjects:
		return fmt.Errorf("the list has %d objects, more than %d; write a filter that names boards only", *p.Count, maxObjects)
	}
	return nil
}

// next is the page behind p, and whether it begins with the last object of p;
// nil: there is none. Only the link's query is taken, for behind a proxy NetBox
// often believes itself to be http, or without its path; a link to another host
// is refused.
func (s *Source) next(first *url.URL, p page) (next *url.URL, overlaps bool, err error) {
	if p.Next == nil || *p.Next == "" {
		return nil, false, nil
	}
	link, err := first.Parse(*p.Next)
	if err != nil || link.Hostname() != first.Hostname() {
		return nil, false, fmt.Errorf("the next page is said to be %.80q, on another host, which is not asked; set the host name in NetBox or in the proxy before it", *p.Next)
	}
	query := link.Query()
	if offset, err := strconv.Atoi(query.Get("offset")); err == nil && offset > 0 {
		query.Set("offset", strconv.Itoa(offset-1))
		overlaps = true
	}
	u := *first
	u.RawQuery = query.Encode()
	return &u, overlaps, nil
}
