// Package server puts one imaging server together: journal, logs, catalogue, boards' actors, and the listeners for
// boards and for people.
//
// It decides the order in which things come up and go down, and what a reload may change. It refuses to start halfway:
// every socket is bound and every file is read before the first loop runs, and all that is wrong is said at once.
// "mozpool serve" and "mozpool demo" call it.
package server
