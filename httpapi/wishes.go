package httpapi

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

func (s *Server) wishImage(r *request) error {
	var w v1.ImageWish
	if err := r.body(&w); err != nil {
		return err
	}
	if w.Image == "" {
		return bad(`send {"image": NAME}`, "no image is named")
	}
	return s.wish(r, actors.Request{Want: board.WantImage, Image: w.Image, Config: w.Config, Force: w.Force})
}

// plainWish is a wish that needs no more than its name.
func (s *Server) plainWish(want board.Want) handler {
	return func(r *request) error {
		if err := r.noBody(); err != nil {
			return err
		}
		return s.wish(r, actors.Request{Want: want})
	}
}

func (s *Server) wish(r *request, w actors.Request) error {
	w.By, w.ID = r.who, r.key
	a, err := s.cfg.Fleet.Wish(r.ctx, r.name, w)
	return s.answer(r, fasthttp.StatusAccepted, a, err)
}

func (s *Server) cancel(r *request) error {
	var o v1.CancelOrder
	if err := r.body(&o); err != nil {
		return err
	}
	return s.order(r, actors.Order{Kind: board.Cancel, Force: o.Force})
}

func (s *Server) lock(r *request) error {
	var o v1.LockOrder
	if err := r.body(&o); err != nil {
		return err
	}
	order, err := s.lockOrder(o)
	if err != nil {
		return err
	}
	return s.order(r, order)
}

func (s *Server) lockOrder(o v1.LockOrder) (actors.Order, error) {
	order := actors.Order{Kind: board.SetLock, Text: o.Why}
	if o.Until != nil {
		if !o.Until.After(s.cfg.Clock()) {
			return order, bad("send a later time, or none", "the lock would end before it begins, at %s", o.Until.UTC().Format("2006-01-02 15:04:05Z"))
		}
		order.Until = *o.Until
	}
	return order, nil
}

// plainOrder is an order that needs no more than its name.
func (s *Server) plainOrder(kind board.Kind) handler {
	return func(r *request) error {
		if err := r.noBody(); err != nil {
			return err
		}
		return s.order(r, actors.Order{Kind: kind})
	}
}

func (s *Server) order(r *request, o actors.Order) error {
	o.By, o.ID = r.who, r.key
	a, err := s.cfg.Fleet.Do(r.ctx, r.name, o)
	return s.answer(r, fasthttp.StatusAccepted, a, err)
}

// answer shows what became of a wish or an order.
func (s *Server) answer(r *request, status int, a actors.Answer, err error) error {
	if err != nil {
		return err
	}
	setETag(r, a.Visit)
	s.write(r.raw, status, "application/json", v1.Accepted{Board: a.Board, Attempt: a.Attempt, State: a.State})
	return nil
}

// setState is a compare-and-set: If-Match names the visit that the client saw.
func (s *Server) setState(r *request) error {
	visit, err := s.ifMatch(r)
	if err != nil {
		return err
	}
	var o v1.StateOrder
	if err := r.body(&o); err != nil {
		return err
	}
	if !o.State.Valid() {
		return bad("send new, ready, troubleshooting or locked_out", "%q is no state", o.State)
	}
	a, err := s.cfg.Fleet.Do(r.ctx, r.name, actors.Order{Kind: board.SetState, To: o.State, Visit: visit, By: r.who})
	return s.answer(r, fasthttp.StatusOK, a, err)
}

// ifMatch reads the visit from If-Match: one strong tag, or * for whichever visit the board is in.
func (s *Server) ifMatch(r *request) (uint64, error) {
	v, err := s.find(r.name)
	if err != nil {
		return 0, err
	}
	text := strings.TrimSpace(r.header(fasthttp.HeaderIfMatch))
	switch {
	case text == "":
		return 0, &apiError{v1.KindNeedsMatch, "the request does not say which visit of the board it is about",
			"read the board, and send its ETag as If-Match"}
	case text == "*":
		return v.Board.Visit, nil
	case strings.HasPrefix(text, "W/"):
		return 0, &apiError{v1.KindMismatch, "a weak tag never matches", "send the ETag as it came"}
	}
	visit, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 64)
	if err != nil {
		return 0, bad("send the ETag of the board as it came", "If-Match is %s", fmt.Sprintf("%.40q", text))
	}
	return visit, nil
}
