package machine

import (
	"fmt"
	"net/netip"
	"testing"
)

// TestTheWayIntoANetworkOfDocker: who is in a network already is not told to join it.
func TestTheWayIntoANetworkOfDocker(t *testing.T) {
	q := newQueryBed(t)
	on := runtimes{t, t.TempDir()}
	attach := func(name, id string, pid int, networks string) {
		on.write("var/lib/docker/containers/"+id+"/config.v2.json", fmt.Sprintf(
			`{"ID":%q,"Name":%q,"State":{"Running":true,"Pid":%d},"NetworkSettings":{"Networks":{%s}}}`, id, "/"+name, pid, networks))
		on.write(fmt.Sprintf("proc/%d/cgroup", pid), "0::/docker/"+id)
	}
	attach("web", "cafe0123456789abcdef", q.process(q.a.NS), `"app":{"IPAddress":"10.5.0.2"}`)
	attach("db", "beef0123456789abcdef", q.process(q.b.NS), `"app":{"IPAddress":"10.5.0.3"},"back":{"IPAddress":"10.6.0.3"}`)
	w, n, err := on.open("web")
	q.must(err)
	for addr, want := range map[string]Join{"10.6.0.3": {"back", "web"}, "10.5.0.3": {}, "10.7.0.3": {}} {
		if got := w.Join(n, netip.MustParseAddr(addr)); got != want {
			t.Errorf("to %s: %+v, want %+v", addr, got, want)
		}
	}
}
