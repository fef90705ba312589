package httpapi

import (
	"github.com/valyala/fasthttp"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
)

// repairRoutes are the routes of this file.
func (s *Server) repairRoutes() []route {
	return []route{
		{"GET", v1.Prefix + "/repairs", nil, s.repairList},
		{"GET", boardsPath + "/{name}/repairs", nil, s.repairsOf},
		{"POST", boardsPath + "/{name}/repaired", nil, s.repaired},
	}
}

// repairList tells which boards somebody should go to, in walking order.
func (s *Server) repairList(r *request) error {
	all := v1.RepairList{Boards: []v1.ToRepair{}}
	for _, b := range s.cfg.Fleet.RepairList() {
		all.Boards = append(all.Boards, v1.ToRepair(b))
	}
	return s.ok(r, all)
}

func (s *Server) repairsOf(r *request) error {
	done, err := s.cfg.Fleet.Repairs(r.ctx, r.name)
	if err != nil {
		return err
	}
	all := v1.Repairs{Repairs: []v1.Repair{}}
	for _, d := range done {
		all.Repairs = append(all.Repairs, v1.Repair(d))
	}
	return s.ok(r, all)
}

// repaired begins anew with a board that somebody has mended.
func (s *Server) repaired(r *request) error {
	var o v1.RepairOrder
	if err := r.body(&o); err != nil {
		return err
	}
	if o.Part == "" {
		return bad(`send {"part": "card"}, or board, relay, wiring, network`, "no part is named")
	}
	a, err := s.cfg.Fleet.Repaired(r.ctx, r.name, actors.RepairOrder{Part: o.Part, By: r.who, Note: o.Note, MAC: o.MAC, Power: o.Power, Image: o.Image, ID: r.key})
	return s.answer(r, fasthttp.StatusAccepted, a, err)
}
