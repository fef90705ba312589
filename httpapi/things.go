package httpapi

import (
	"cmp"
	"slices"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

func (s *Server) images(r *request) error {
	all := v1.Images{Images: []v1.Image{}}
	incidents := s.cfg.Fleet.Incidents()
	if c := s.catalogue(); c != nil {
		for _, i := range c.Images() {
			all.Images = append(all.Images, imageShape(i, incidents))
		}
	}
	return s.ok(r, all)
}

// imageShape shows an image. Of the incidents those are looked at that make it suspect.
func imageShape(i images.Image, incidents []actors.Incident) v1.Image {
	out := v1.Image{Name: i.Name, Revision: i.Revision, Hardware: some(i.Hardware), Install: string(i.Install), Artifacts: []v1.Artifact{},
		ConfigKeys: some(i.ConfigKeys), Readback: string(i.Readback), Limits: limits(i.Limits), Compat: i.Compat, Source: i.Source, Suspect: []v1.Suspicion{},
		Verify: v1.Verify{Kind: string(i.Verify.Kind), Port: i.Verify.Port, Expect: i.Verify.Expect, URL: i.Verify.URL, Status: i.Verify.Status}}
	if i.Verify.For > 0 {
		out.Verify.For = i.Verify.For.String()
	}
	for _, a := range i.Artifacts {
		out.Artifacts = append(out.Artifacts, v1.Artifact{Name: a.Name, File: a.File, SHA256: a.SHA256, To: a.To, Part: a.Part})
	}
	for _, in := range incidents {
		if in.Closed.IsZero() && in.ImageOf() == i.Name {
			out.Suspect = append(out.Suspect, v1.Suspicion{Rack: in.Rack, Hardware: in.HardwareOf(), Incident: in.ID})
		}
	}
	slices.SortFunc(out.Suspect, func(a, b v1.Suspicion) int {
		return cmp.Or(cmp.Compare(a.Rack, b.Rack), cmp.Compare(a.Hardware, b.Hardware))
	})
	return out
}

func (s *Server) hardware(r *request) error {
	all := v1.HardwareTypes{Hardware: []v1.Hardware{}}
	if c := s.catalogue(); c != nil {
		for _, h := range c.Hardware() {
			all.Hardware = append(all.Hardware, hardwareShape(h))
		}
	}
	return s.ok(r, all)
}

func hardwareShape(h images.Hardware) v1.Hardware {
	keep := make([]string, len(h.Keep))
	for i, a := range h.Keep {
		keep[i] = a.String()
	}
	return v1.Hardware{Name: h.Name, Revision: h.Revision, Live: h.Live, FDT: h.FDT, Append: h.Append, Disk: h.Disk, Keep: keep, Limits: limits(h.Limits),
		SelfTest: h.SelfTest, Maintenance: h.Maintenance, TFTPBlock: h.TFTPBlock, TFTPWindow: h.TFTPWindow, Loader: string(h.Loader), Entry: h.EntryFile, Source: h.Source}
}

func limits(l images.Limits) map[string]string {
	out := make(map[string]string, len(l))
	for k, d := range l {
		out[k] = d.String()
	}
	return out
}

// some makes a list that is [] in JSON, never null.
func some(list []string) []string { return append([]string{}, list...) }

// racks shows the racks of the configuration, and those that only boards name.
func (s *Server) racks(r *request) error {
	byName := map[string]*v1.Rack{}
	add := func(k v1.Rack) *v1.Rack {
		k.Boards, k.States, k.Servers = 0, map[board.State]int{}, some(k.Servers)
		byName[k.Name] = &k
		return &k
	}
	for _, k := range s.cfg.Racks {
		add(k)
	}
	for _, v := range s.cfg.Fleet.Views() {
		k := byName[v.Spec.Rack]
		if k == nil {
			k = add(v1.Rack{Name: v.Spec.Rack})
		}
		k.Boards++
		k.States[v.Board.State]++
	}
	all := v1.Racks{Racks: []v1.Rack{}}
	for _, k := range byName {
		k.BootsNow, k.Booting, k.Queued = s.cfg.Fleet.Budget(k.Name)
		all.Racks = append(all.Racks, *k)
	}
	slices.SortFunc(all.Racks, func(a, b v1.Rack) int { return cmp.Compare(a.Name, b.Name) })
	return s.ok(r, all)
}

func (s *Server) discovered(r *request) error {
	all := v1.Discovered{Discovered: []v1.Stranger{}}
	for _, d := range s.cfg.Fleet.Strangers() {
		all.Discovered = append(all.Discovered, v1.Stranger{MAC: d.MAC, Address: d.From, Rack: d.Rack, First: d.First.UTC(), Last: d.Last.UTC(), Times: d.Times})
	}
	return s.ok(r, all)
}
