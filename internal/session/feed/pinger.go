package feed

import (
	"nstutor/diag/probe"
	"nstutor/internal/nsenter"
	"nstutor/internal/session/rescue"
)

// pinger is the running ping.
type pinger struct {
	aim  Aim
	ns   *nsenter.Namespace
	ping *probe.Pinger
	done chan struct{}
}

// ping starts, moves or stops the running ping.
func (f *Feed) ping(want Aim) {
	var ns *nsenter.Namespace
	if want.Pinging && want.Tried.To != "" {
		ns, _ = f.lab.NS(want.Tried.Netns) // nil: it is not there; the live pane says so
	}
	if p := f.pinger; p != nil {
		if p.aim.Gen == want.Gen && p.ns == ns {
			return
		}
		p.close()
		f.pinger = nil
	}
	if ns == nil {
		return
	}
	p := &pinger{aim: want, ns: ns, ping: want.Tried.Pinger(ns, f.lab.PingTimeout()), done: make(chan struct{})}
	go rescue.Guard(f.send, func() {
		defer close(p.done)
		for event := range p.ping.Events() {
			if ns.Context().Err() == nil { // else it only says that it was cut off
				f.send(Ping{want.Gen, event})
			}
		}
	})
	f.pinger = p
}

// close ends the ping, and returns when nothing more of it will be sent.
func (p *pinger) close() {
	p.ping.Close()
	<-p.done
}
