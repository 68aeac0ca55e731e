package watch

// Overruns is how often announcements were lost.
func (w *Watcher) Overruns() int32 { return w.overruns.Load() }

func Concerned(b []byte) { concerned(b) }
