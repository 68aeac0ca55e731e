package session

import (
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/nsenter"
)

// pinger is the running ping.
type pinger struct {
	aim  aim
	ns   *nsenter.Namespace
	ping *probe.Pinger
	done chan struct{}
}

// ping starts, moves or stops the running ping.
func (f *feed) ping(want aim) {
	var ns *nsenter.Namespace
	if want.pinging && want.to != "" {
		ns, _ = f.lab.NS(want.netns) // nil: it is not there; the live pane says so
	}
	if p := f.pinger; p != nil {
		if p.aim.gen == want.gen && p.ns == ns {
			return
		}
		p.close()
		f.pinger = nil
	}
	if ns == nil {
		return
	}
	echo := probe.Echo{To: want.to, Size: want.size, DF: want.df, Timeout: f.lab.PingTimeout()}
	p := &pinger{aim: want, ns: ns, ping: probe.NewPinger(ns, echo, time.Second), done: make(chan struct{})}
	go Guard(f.send, func() {
		defer close(p.done)
		for event := range p.ping.Events() {
			if ns.Context().Err() == nil { // else it only says that it was cut off
				f.send(Ping{want.gen, event})
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
