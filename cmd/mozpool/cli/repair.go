package cli

import (
	"encoding/csv"
	"strings"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// Repair is "mozpool repair".
type Repair struct {
	Format
	List RepairList `cmd:"" help:"List the boards to go to, in walking order, with the part to take along and the reason."`
}

// RepairList is "mozpool repair list".
type RepairList struct {
	Watched
	CSV bool `name:"csv" help:"As comma-separated values, for a spreadsheet."`
}

// Run lists them.
func (l *RepairList) Run(c *Context) error {
	if l.CSV {
		return l.csv(c)
	}
	return listing[v1.ToRepair]{of: c.Client.RepairList,
		head: []string{"RACK", "PLACE", "BOARD", "STATE", "FOR", "PART", "WHY", "TAKE"}, more: []string{"REPAIRED", "REMEDY"},
		name: func(b v1.ToRepair) string { return b.Board },
		row: func(b v1.ToRepair) []cell {
			return []cell{plain(b.Rack), plain(b.Place), plain(b.Board), plain(string(b.State)), plain(strings.TrimSuffix(c.when(b.Since), " ago")),
				plain(string(b.Part)), plain(b.Why), plain(b.Take), plain(b.Before), plain(b.Remedy)}
		}}.run(c, l.Watched)
}

func (l *RepairList) csv(c *Context) error {
	all, err := c.Client.RepairList(c.Context)
	if err != nil {
		return coded(err)
	}
	w := csv.NewWriter(c.Out)
	_ = w.Write([]string{"rack", "place", "board", "state", "since", "part", "why", "take", "remedy", "repaired"}) // Error tells
	for _, b := range all {
		row := []string{b.Rack, b.Place, b.Board, string(b.State), b.Since.Format("2006-01-02T15:04:05Z"), string(b.Part), b.Why, b.Take, b.Remedy, b.Before}
		for i := range row {
			row[i] = plainCell(row[i])
		}
		_ = w.Write(row) // likewise
	}
	w.Flush()
	return coded(w.Error())
}

// plainCell keeps a spreadsheet from taking what a board or a person said for a formula.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// BoardRepaired is "mozpool board repaired".
type BoardRepaired struct {
	Name  string `arg:"" help:"The board."`
	Part  string `required:"" enum:"board,card,relay,wiring,network" help:"What was exchanged or mended: board, card, relay, wiring or network."`
	Note  string `help:"For those who look at the board later."`
	MAC   string `placeholder:"MAC" help:"With --part board: MAC address of the new one. Holds until the inventory says another than now."`
	Power string `placeholder:"LINE" help:"With --part board, relay or wiring: the switch that it hangs on now, written as in the inventory. Holds likewise."`
	Image string `placeholder:"IMAGE" help:"Image to put on it; none: only verify that it boots. Default: the last that was wished."`
	Wait  bool   `help:"Wait until the board rests again."`
}

// Run tells the server, which verifies the board and puts its image back.
func (b *BoardRepaired) Run(c *Context) error {
	return c.askEach([]string{b.Name}, b.Wait, func(name string) (v1.Accepted, error) {
		return c.Client.Repaired(c.Context, name, v1.RepairOrder{Part: board.Part(b.Part), Note: b.Note, MAC: b.MAC, Power: b.Power, Image: b.Image})
	})
}

// ImageClear is "mozpool image clear".
type ImageClear struct {
	Name string `arg:"" help:"The image."`
}

// Run ends the suspicion, and shows the incidents that it was.
func (i *ImageClear) Run(c *Context) error {
	closed, err := c.Client.ClearImage(c.Context, i.Name)
	return list(c, closed, err, []string{"ID", "CLOSED", "TEXT"},
		func(i v1.Incident) string { return i.ID },
		func(i v1.Incident) []cell { return []cell{plain(i.ID), plain("by " + i.ClosedBy), plain(i.Text)} })
}
