// Package bench measures whole servers: a rack of 1,000 simulated boards imaged at once, and what boards get per second
// by TFTP and HTTP. It has benchmarks only; "make bench" runs them. Figures of a shared machine are compared within one
// run, never between runs.
package bench
