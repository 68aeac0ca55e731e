package explain_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/lab/labtest"
)

// TestWhoResetsAConnection: a rule that counts is named, and a program that is
// in the way and speaks in the destination's name, are found by where their reset is seen first.
func TestWhoResetsAConnection(t *testing.T) {
	labtest.Slow(t)
	ask := breakage{from: "a", to: "10.2.0.2", asks: "tcp 80"}
	tell := func(t *testing.T, b *built, code cause.Code) {
		if r := b.ask(ask, ask.journey()); r.Outcome != probe.Refused {
			t.Fatalf("the connection: %s", r.Message)
		}
		a := b.explain(ask, true)
		if a.Verdict != explain.Broken || a.Cause.Code != code || b.script(a.Cause.Netns) != "r2" || len(a.Fix) > 0 {
			t.Errorf("%s\n%s", a.Verdict, b.account(a))
		}
	}
	for _, counts := range []string{"quota over 1 bytes", "ct count over 0"} {
		t.Run(counts, func(t *testing.T) {
			b := chain.build(t)
			rule := `r2: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ` + counts + ` tcp dport 80 reject with tcp reset'`
			needTools(t, rule)
			b.serve([]string{"b tcp 0.0.0.0:80"})
			b.run(rule)
			tell(t, b, cause.Rejected)
		})
	}
	t.Run("a program", func(t *testing.T) {
		b := chain.build(t)
		b.serve([]string{"b tcp 0.0.0.0:80"})
		swallow := `r2: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw quota over 1 bytes tcp dport 80 drop'`
		needTools(t, swallow)
		b.run(swallow)
		b.interfere("r2")
		tell(t, b, service.ResetOnTheWay)
	})
}

// interfere answers each request for a connection that passes a namespace with a reset,
// before whom it is for can.
func (b *built) interfere(netns string) {
	b.t.Helper()
	tap, err := wire.Capture(b.space(netns), wire.Filter{TCP: true})
	if err != nil {
		b.t.Fatal(err)
	}
	var raw int
	if err := b.space(netns).Do(func() (err error) {
		raw, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	ended, done := make(chan struct{}), make(chan struct{})
	b.t.Cleanup(func() { close(ended); <-done; tap.Close(); unix.Close(raw) })
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond / 4)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			for _, f := range tap.Pending() {
				if f.SYN() && !f.Out {
					_ = unix.Sendto(raw, resetFor(f), 0, &unix.SockaddrInet4{Addr: f.Src.As4()})
				}
			}
		}
	}()
}

// resetFor is the packet that refuses what a frame asks for.
func resetFor(f wire.Frame) []byte {
	p := make([]byte, 40)
	p[0], p[8], p[9] = 0x45, 64, unix.IPPROTO_TCP
	binary.BigEndian.PutUint16(p[2:], 40)
	copyAddr(p[12:], f.Dst)
	copyAddr(p[16:], f.Src)
	tcp := p[20:]
	binary.BigEndian.PutUint16(tcp[0:], uint16(f.DstPort))
	binary.BigEndian.PutUint16(tcp[2:], uint16(f.SrcPort))
	binary.BigEndian.PutUint32(tcp[8:], uint32(f.Seq)+1)
	tcp[12], tcp[13] = 5<<4, 0x14 // RST and ACK
	sum := uint32(unix.IPPROTO_TCP + 20)
	for i := 12; i < 40; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
	return p
}

func copyAddr(to []byte, a netip.Addr) {
	four := a.As4()
	copy(to, four[:])
}
