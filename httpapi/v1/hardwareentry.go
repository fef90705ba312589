package v1

// HardwareEntry is a hardware type as it is put: the keys of one under hardware in images.yaml. Live, fdt and entry are of
// the server's folder of files, and have to be there.
type HardwareEntry struct {
	Live        string            `json:"live"`             // folder of its live environment: live/NAME
	FDT         string            `json:"fdt,omitempty"`    // device tree in that folder; none: board.dtb, if it is there
	Append      string            `json:"append,omitempty"` // kernel arguments
	Disk        string            `json:"disk"`             // device that images are written to
	Keep        []string          `json:"keep,omitempty"`   // areas that hold the boot loader and are never written: p1, 0-4MiB
	Limits      map[string]string `json:"limits,omitempty"` // by state: 30s, 10m
	SelfTest    string            `json:"self_test,omitempty"`
	Maintenance string            `json:"maintenance,omitempty"`
	TFTPBlock   int               `json:"tftp_block,omitempty"`  // most bytes in a block
	TFTPWindow  int               `json:"tftp_window,omitempty"` // most blocks before an acknowledgement
	Loader      string            `json:"loader,omitempty"`      // pxelinux or ipxe, if its boards may boot by that only
	Entry       string            `json:"entry,omitempty"`       // file of its own boot entry
}
