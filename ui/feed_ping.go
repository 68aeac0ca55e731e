package ui

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
	go guard(f.send, func() {
		defer close(p.done)
		for event := range p.ping.Events() {
			if ns.Context().Err() == nil { // else it only says that it was cut off
				f.send(pingMsg{want.gen, event})
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

// aimPing starts or stops the step's ping. Events of an earlier aim are stale.
func (m *Model) aimPing(on bool) {
	m.world.aim++
	m.world.pinging = on
	m.retarget()
}

// watchTables polls the neighbours of the namespace that the live pane shows.
func (m *Model) watchTables() { m.retarget() }

func (m *Model) retarget() {
	if m.feed == nil {
		return
	}
	w := &m.world
	m.feed.aimAt(aim{gen: w.aim, tables: w.watch, netns: w.log.netns, to: w.log.to, size: w.log.size, df: w.log.df, pinging: w.pinging})
}
