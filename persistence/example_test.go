package persistence_test

import (
	"context"
	"fmt"

	"mozpool/persistence"
)

func Example() {
	j := persistence.NewMemory() // OpenLocal(dir, Options{}) in a server
	c := persistence.Change{Board: "r1/board1", Epoch: 1, Record: []byte("booting"), Event: []byte("powering -> booting")}
	fmt.Println(j.Commit(context.Background(), c))
	fmt.Println(j.Commit(context.Background(), c)) // sent again
	for s, err := range j.Load(context.Background(), "r1/") {
		fmt.Println(s.Board, s.Seq, string(s.Record), err)
	}
	// Output:
	// <nil>
	// <nil>
	// r1/board1 1 booting <nil>
}
