package netboxsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// object is what stands in a list.
type object = map[string]any

// defaultPage is how many objects a page has that is asked for without a limit.
const defaultPage = 50

// list serves pages of what all finds; a non-empty bad is the parameter whose
// value names nothing, which NetBox refuses.
func (n *NetBox) list(all func(query url.Values) (found []object, bad string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		n.mu.Lock()
		found, bad := all(query)
		paged := n.paged
		n.mu.Unlock()
		if bad != "" {
			answer(w, http.StatusBadRequest, object{bad: []string{fmt.Sprintf("%s is not one of the choices.", query.Get(bad))}})
			return
		}
		limit, offset := n.limit(query), number(query, "offset")
		answer(w, http.StatusOK, object{
			"count":    len(found),
			"next":     n.link(r, query, limit, offset+limit, offset+limit < len(found)),
			"previous": n.link(r, query, limit, max(0, offset-limit), offset > 0),
			"results":  only(query.Get("fields"), found[min(offset, len(found)):min(offset+limit, len(found))]),
		})
		if paged != nil {
			paged()
		}
	}
}

// limit is the size of a page: 0 asks for the largest.
func (n *NetBox) limit(query url.Values) int {
	limit, err := strconv.Atoi(query.Get("limit"))
	switch {
	case err != nil || limit < 0:
		return min(defaultPage, n.o.MaxPage)
	case limit == 0:
		return n.o.MaxPage
	}
	return min(limit, n.o.MaxPage)
}

func number(query url.Values, key string) int {
	v, _ := strconv.Atoi(query.Get(key)) // anything else is taken for 0, as NetBox does
	return max(0, v)
}

// link is the address of another page, or null.
func (n *NetBox) link(r *http.Request, query url.Values, limit, offset int, there bool) any {
	if !there {
		return nil
	}
	q := url.Values{}
	for k, v := range query {
		q[k] = v
	}
	q.Set("limit", strconv.Itoa(limit))
	q.Set("offset", strconv.Itoa(offset))
	public := n.o.Public
	if public == "" {
		public = "http://" + r.Host
	}
	return public + r.URL.Path + "?" + q.Encode()
}

// only leaves the fields that were asked for; empty: all.
func only(fields string, objects []object) []object {
	out := make([]object, 0, len(objects))
	wanted := strings.Split(fields, ",")
	for _, o := range objects {
		if fields != "" {
			kept := make(object)
			for k, v := range o {
				if slices.Contains(wanted, k) {
					kept[k] = v
				}
			}
			o = kept
		}
		out = append(out, o)
	}
	return out
}
