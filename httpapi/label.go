package httpapi

import (
	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// label sets labels of a board, or takes them off.
func (s *Server) label(r *request) error {
	var o v1.LabelOrder
	if err := r.body(&o); err != nil {
		return err
	}
	order, err := labelOrder(o)
	if err != nil {
		return err
	}
	return s.order(r, order)
}

func labelOrder(o v1.LabelOrder) (actors.Order, error) {
	if len(o.Labels) == 0 {
		return actors.Order{}, bad(`send {"labels":{"NAME":"value"}}; null takes one off`, "no label is named")
	}
	return actors.Order{Kind: board.Relabel, Labels: o.Labels}, nil
}
