package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/pin/tftp/v3"

	"mozpool/actors/board"
	"mozpool/cmd/mozpool/demo"
)

// usage is the CPU time of this process, in seconds: server, boards and relay boards together.
func usage(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}

// rack is a running server with n boards behind it.
func rack(b *testing.B, n int, speed float64) *demo.Rack {
	b.Helper()
	r, err := demo.NewRack(b.Context(), demo.Options{Boards: n, Speed: speed, BootsAtOnce: n})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Server.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	})
	return r
}

// BenchmarkRack1000 images 1,000 boards at once through the real protocols. All must end ready at their first boot.
func BenchmarkRack1000(b *testing.B) {
	const n = 1000
	r := rack(b, n, 4)
	for b.Loop() {
		cpu := usage(b)
		began := time.Now()
		if err := r.WishAll(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		for !ready(r) {
			runtime.Gosched()
			time.Sleep(100 * time.Millisecond)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		tries := 0
		for _, v := range r.Server.Fleet().Views() {
			for _, t := range v.Board.Tries {
				tries += int(t)
			}
		}
		b.ReportMetric(time.Since(began).Seconds(), "wall-s")
		b.ReportMetric(usage(b)-cpu, "cpu-s")
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
		b.ReportMetric(float64(tries), "tries")
	}
}

func ready(r *demo.Rack) bool {
	for _, v := range r.Server.Fleet().Views() {
		if v.Board.State.Failed() {
			panic(fmt.Sprintf("%s: %+v", v.Spec.Name, v.Board.Blame))
		}
		if v.Board.State != board.Ready {
			return false
		}
	}
	return true
}

const fileSize = 32 << 20

// BenchmarkTFTP is the baseline of one loader in lock-step with blocks of 1408.
func BenchmarkTFTP(b *testing.B) {
	r := rack(b, 1, 1)
	if err := r.WriteBootFile("bench.bin", fileSize); err != nil {
		b.Fatal(err)
	}
	c, err := tftp.NewClient(r.Server.Racks()["r1"].TFTP.String())
	if err != nil {
		b.Fatal(err)
	}
	c.SetBlockSize(1408)
	b.SetBytes(fileSize)
	for b.Loop() {
		to, err := c.Receive("bench.bin", "octet")
		if err != nil {
			b.Fatal(err)
		}
		if n, err := to.WriteTo(io.Discard); err != nil || n != fileSize {
			b.Fatalf("%d bytes, %v", n, err)
		}
	}
}

// BenchmarkHTTP is the baseline of one board that downloads; the CPU time is of server and client together.
func BenchmarkHTTP(b *testing.B) {
	r := rack(b, 1, 1)
	if err := r.WriteBootFile("bench.bin", fileSize); err != nil {
		b.Fatal(err)
	}
	url := "http://" + r.Server.Racks()["r1"].HTTP.String() + "/boot/bench.bin"
	b.SetBytes(fileSize)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = null.Close() }() // holds nothing
	for b.Loop() {
		res, err := http.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(null, res.Body)
		if err != nil || n != fileSize {
			b.Fatalf("%d bytes, %v", n, err)
		}
		if err := res.Body.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
