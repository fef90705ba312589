//go:build !linux

package doctor

import "errors"

var errSystem = errors.New("only Linux is asked")

func synchronised() (bool, error) { return false, errSystem }

func space(string) (free, total uint64, err error) { return 0, 0, errSystem }
