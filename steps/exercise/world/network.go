package world

import (
	"nstutor/internal/replica"
	"nstutor/internal/say"
)

// Network puts a network that was taken down somewhere in the place of all that is
// in the lab.
func (w *World) Network(n replica.Network) {
	if w.err != nil {
		return
	}
	for _, name := range w.l.Names() {
		if err := w.l.DelNetns(name); err != nil {
			w.failed(err, name, say.T("make room", "腾出位置"))
			return
		}
	}
	for _, s := range n.Spaces {
		w.l.LeaveAsIs(s.Name)
	}
	built, err := replica.Build(w.ctx, n)
	if err != nil {
		w.err = err
		return
	}
	w.l.Hold(built.Close)
}
