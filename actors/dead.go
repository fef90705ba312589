package actors

// Messages that come after their actor has ended are for nobody: the journal has what is true, and whoever waits is told
// that the server is stopping. They are not worth a log line, nor the goroutine that the actor system's log takes for it.

// IgnoreDeadLetterLogging implements actor.IgnoreDeadLetterLogging, as do the others here.
func (*item) IgnoreDeadLetterLogging() {}

func (*committed) IgnoreDeadLetterLogging()   {}
func (*again) IgnoreDeadLetterLogging()       {}
func (*reloaded) IgnoreDeadLetterLogging()    {}
func (*report) IgnoreDeadLetterLogging()      {}
func (*checkDue) IgnoreDeadLetterLogging()    {}
func (*checked) IgnoreDeadLetterLogging()     {}
func (*specChanged) IgnoreDeadLetterLogging() {}
func (*powerOp) IgnoreDeadLetterLogging()     {}
func (*wantOp) IgnoreDeadLetterLogging()      {}
func (*reached) IgnoreDeadLetterLogging()     {}
func (*opDone) IgnoreDeadLetterLogging()      {}
func (*sessionOver) IgnoreDeadLetterLogging() {}
func (*rested) IgnoreDeadLetterLogging()      {}
func (*awaits) IgnoreDeadLetterLogging()      {}
func (*idleTest) IgnoreDeadLetterLogging()    {}
func (*look) IgnoreDeadLetterLogging()        {}
