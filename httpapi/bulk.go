package httpapi

import (
	"slices"
	"strings"
	"sync"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/selector"
	v1 "mozpool/httpapi/v1"
)

// bulkAtOnce is how many boards of a bulk action are asked at once: enough to share the journal's syncs, few enough
// that others are served in between.
const bulkAtOnce = 32

// bulkRoutes are the routes of this file.
func (s *Server) bulkRoutes() []route {
	return []route{
		{"POST", bulkPath, nil, s.bulk},
		{"POST", boardsPath + "/{name}/comment", nil, s.comment},
		{"POST", boardsPath + "/{name}/label", nil, s.label},
	}
}

const bulkPath = v1.Prefix + "/bulk"

// comment is what people see of a board beside what the server knows.
func (s *Server) comment(r *request) error {
	var o v1.CommentOrder
	if err := r.body(&o); err != nil {
		return err
	}
	return s.order(r, actors.Order{Kind: board.Remark, Text: o.Comment})
}

// ask asks one thing of one board.
type ask func(r *request, name string) (actors.Answer, error)

// bulk asks the same of all boards that a selector chooses. Each board answers for itself; one that refuses keeps
// nobody else from going on, so the status is 200 whatever they said.
func (s *Server) bulk(r *request) error {
	var o v1.BulkOrder
	if err := r.body(&o); err != nil {
		return err
	}
	do, err := s.askOf(o)
	if err != nil {
		return err
	}
	boards, err := s.choose(o)
	if err != nil {
		return err
	}
	out := v1.BulkResults{Results: make([]v1.BulkResult, len(boards)), DryRun: o.DryRun}
	free := make(chan struct{}, bulkAtOnce)
	var all sync.WaitGroup
	for i, b := range boards {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			out.Results[i] = s.bulkOne(r, o, b, do)
		})
	}
	all.Wait()
	for _, res := range out.Results {
		if res.Problem != nil {
			out.Refused++
		}
	}
	return s.ok(r, out)
}

// choose finds the boards that an order means. A name that is no board's is an error before anything is asked.
func (s *Server) choose(o v1.BulkOrder) ([]v1.Board, error) {
	if o.Boards == "" && o.Selector == "" {
		return nil, bad(`send "boards" or "selector"; {"selector":"name=*"} is all boards`, "no boards are chosen")
	}
	var boards []v1.Board
	for _, v := range s.cfg.Fleet.Views() {
		boards = append(boards, boardOf(v))
	}
	if o.Boards != "" {
		chosen, missing := selector.Names(boards, strings.Split(o.Boards, ","))
		if len(missing) > 0 {
			return nil, &apiError{v1.KindNotFound, "there is no board " + strings.Join(missing, ", "), "see the list of boards"}
		}
		boards = chosen
	}
	if o.Selector != "" {
		want, err := selector.Parse(o.Selector)
		if err != nil {
			return nil, bad("see the description of bulk actions", "%s", err)
		}
		boards = slices.DeleteFunc(boards, func(b v1.Board) bool { return !want.Fits(b) })
	}
	return boards, nil
}

func (s *Server) bulkOne(r *request, o v1.BulkOrder, b v1.Board, do ask) v1.BulkResult {
	res := v1.BulkResult{Board: b.Name, Attempt: b.Attempt, State: b.State}
	if !r.by.MayChange(b.Rack) {
		p := problemOf(&apiError{v1.KindForbidden, r.who + " may not change boards of rack " + b.Rack, "use a token for that rack"})
		res.Problem = &p
		return res
	}
	act := func() error {
		a, err := do(r, b.Name)
		if err == nil {
			res.Attempt, res.State = a.Attempt, a.State
		}
		return err
	}
	var err error
	if o.DryRun {
		err = act()
	} else {
		err = s.audited(r.by, o.Action+" "+b.Name+" (bulk)", act)
	}
	if err != nil {
		p := problemOf(err)
		res.Problem = &p
	}
	return res
}

// askOf is what an order asks of each board.
func (s *Server) askOf(o v1.BulkOrder) (ask, error) {
	switch want := board.Want(o.Action); want { //nolint:exhaustive // the others are no wishes of people
	case board.WantImage:
		if o.Image == "" {
			return nil, bad(`send {"image": NAME}`, "no image is named")
		}
		return s.askWish(o, actors.Request{Want: want, Image: o.Image, Config: o.Config, Force: o.Force}), nil
	case board.WantPowerOn, board.WantPowerOff, board.WantPowerCycle, board.WantSelfTest, board.WantMaintenance:
		return s.askWish(o, actors.Request{Want: want}), nil
	}
	switch o.Action {
	case "cancel":
		return s.askOrder(o, actors.Order{Kind: board.Cancel, Force: o.Force}), nil
	case "accept":
		return s.askOrder(o, actors.Order{Kind: board.Accept}), nil
	case "unlock":
		return s.askOrder(o, actors.Order{Kind: board.Unlock}), nil
	case "label":
		order, err := labelOrder(v1.LabelOrder{Labels: o.Labels})
		return s.askOrder(o, order), err
	case "comment":
		return s.askOrder(o, actors.Order{Kind: board.Remark, Text: o.Comment}), nil
	case "lock":
		order, err := s.lockOrder(v1.LockOrder{Why: o.Why, Until: o.Until})
		return s.askOrder(o, order), err
	}
	return nil, bad("send image, power-on, power-off, power-cycle, self-test, maintenance, cancel, accept, lock, unlock, comment or label", "%q is no action", o.Action)
}

// askWish asks with the request's Idempotency-Key, which each board remembers for itself.
func (s *Server) askWish(of v1.BulkOrder, w actors.Request) ask {
	return func(r *request, name string) (actors.Answer, error) {
		w := w
		w.By, w.ID = r.who, r.key
		if of.DryRun {
			return s.cfg.Fleet.ForeseeWish(r.ctx, name, w)
		}
		return s.cfg.Fleet.Wish(r.ctx, name, w)
	}
}

func (s *Server) askOrder(of v1.BulkOrder, o actors.Order) ask {
	return func(r *request, name string) (actors.Answer, error) {
		o := o
		o.By, o.ID = r.who, r.key
		if of.DryRun {
			return s.cfg.Fleet.ForeseeOrder(name, o)
		}
		return s.cfg.Fleet.Do(r.ctx, name, o)
	}
}
