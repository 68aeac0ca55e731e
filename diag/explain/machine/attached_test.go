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

// TestAContainerInNoNetwork: one that is in a network is not told to join one, and neither is
// whoever is no container.
func TestAContainerInNoNetwork(t *testing.T) {
	q := newQueryBed(t)
	on := runtimes{t, t.TempDir()}
	for _, c := range []struct{ name, networks, want string }{
		{"lonely", "", "lonely"}, {"none", `"none":{"IPAddress":""}`, "none"}, {"web", `"app":{"IPAddress":"10.5.0.2"}`, ""},
	} {
		id := c.name + "cafe0123456789"
		pid := q.process(q.a.NS)
		on.write("var/lib/docker/containers/"+id+"/config.v2.json", fmt.Sprintf(
			`{"ID":%q,"Name":%q,"State":{"Running":true,"Pid":%d},"NetworkSettings":{"Networks":{%s}}}`, id, "/"+c.name, pid, c.networks))
		on.write(fmt.Sprintf("proc/%d/cgroup", pid), "0::/docker/"+id)
		w, n, err := on.open(c.name)
		q.must(err)
		if got := w.Unconnected(n); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		other, err := w.Open("pid:" + fmt.Sprint(q.process(q.b.NS)))
		q.must(err)
		if got := w.Unconnected(other); got != "" {
			t.Errorf("beside %s: %q", c.name, got)
		}
	}
}

// TestAStoppedContainerHasAPort: it is the port of the namespace that dockerd is in, where the
// container has it published; one that runs is not said to be stopped.
func TestAStoppedContainerHasAPort(t *testing.T) {
	q := newQueryBed(t)
	on := runtimes{t, t.TempDir()}
	keep := func(name, id string, runs bool, bindings string) {
		on.write("var/lib/docker/containers/"+id+"/config.v2.json", fmt.Sprintf(`{"ID":%q,"Name":%q,"State":{"Running":%t}}`, id, "/"+name, runs))
		on.write("var/lib/docker/containers/"+id+"/hostconfig.json", `{"PortBindings":{`+bindings+`}}`)
	}
	keep("web", "cafe0123456789abcdef", false, `"80/tcp":[{"HostIp":"","HostPort":"8080"},{"HostIp":"10.0.0.9","HostPort":"8081"},{"HostIp":"::","HostPort":"8082"}]`)
	keep("db", "beef0123456789abcdef", true, `"53/udp":[{"HostIp":"","HostPort":"53"}]`)
	pid := q.process(q.a.NS)
	on.write(fmt.Sprintf("proc/%d/cmdline", pid), "/usr/bin/dockerd\x00")
	w, n, err := on.open(fmt.Sprintf("pid:%d", pid))
	q.must(err)
	for _, c := range []struct{ proto, at, want string }{
		{"tcp", "192.0.2.1:8080", "web"}, {"tcp", "[2001:db8::1]:8080", "web"}, {"udp", "192.0.2.1:8080", ""}, {"tcp", "192.0.2.1:80", ""},
		{"tcp", "10.0.0.9:8081", "web"}, {"tcp", "192.0.2.1:8081", ""}, {"tcp", "[2001:db8::1]:8082", "web"}, {"tcp", "192.0.2.1:8082", ""}, {"udp", "192.0.2.1:53", ""},
	} {
		if got := w.Stopped(n, c.proto, netip.MustParseAddrPort(c.at)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.proto, c.at, got, c.want)
		}
	}
	other, err := w.Open("pid:" + fmt.Sprint(q.process(q.b.NS)))
	q.must(err)
	if got := w.Stopped(other, "tcp", netip.MustParseAddrPort("192.0.2.1:8080")); got != "" {
		t.Errorf("in another namespace: %q", got)
	}
}

// TestAPublishedPortIsForAContainer: of several networks it is the one that its default route
// leads to; who has none that does is not said to be asked anywhere.
func TestAPublishedPortIsForAContainer(t *testing.T) {
	q := newQueryBed(t)
	on := runtimes{t, t.TempDir()}
	dockerd, inside := q.process(q.a.NS), q.process(q.b.NS)
	on.write(fmt.Sprintf("proc/%d/cmdline", dockerd), "/usr/bin/dockerd\x00")
	w, n, err := on.open(fmt.Sprintf("pid:%d", inside))
	q.must(err)
	keep := func(name, ports, networks string) {
		on.write("var/lib/docker/containers/"+name+"/config.v2.json", fmt.Sprintf(
			`{"ID":%q,"Name":%q,"State":{"Running":true,"Pid":%d},"NetworkSettings":{"Ports":{%s},"Networks":{%s}}}`, name, "/"+name, inside, ports, networks))
	}
	on.write(fmt.Sprintf("proc/%d/cgroup", inside), "0::/docker/cafe/two/far")
	keep("cafe", `"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"53/udp":[{"HostIp":"10.0.0.9","HostPort":"53"}]`, `"bridge":{"IPAddress":"172.17.0.2","Gateway":"172.17.0.1","GlobalIPv6Address":""}`)
	keep("two", `"80/tcp":[{"HostIp":"::","HostPort":"8081"}]`, `"one":{"GlobalIPv6Address":"fd00:1::2","IPv6Gateway":"fd00:1::1"}`)
	keep("far", `"443/tcp":[{"HostIp":"0.0.0.0","HostPort":"8082"}]`, `"one":{"IPAddress":"172.18.0.2","Gateway":"172.18.0.1"},"other":{"IPAddress":"172.19.0.2","Gateway":"172.19.0.1"}`)
	docks, err := w.Open(fmt.Sprintf("pid:%d", dockerd))
	q.must(err)
	for _, c := range []struct {
		proto, at, name, to string
		only                bool
	}{
		{"tcp", "192.0.2.1:8080", "cafe", "172.17.0.2:80", false}, {"udp", "10.0.0.9:53", "cafe", "172.17.0.2:53", true}, {"udp", "10.0.0.8:53", "", "", false},
		{"tcp", "[2001:db8::1]:8081", "two", "[fd00:1::2]:80", false}, {"tcp", "192.0.2.1:8081", "", "", false}, {"tcp", "192.0.2.1:8082", "far", "", false},
	} {
		b, to, ok := w.Published(docks, c.proto, netip.MustParseAddrPort(c.at))
		if ok != (c.name != "") || b.Container != c.name || b.Only != c.only || to.IsValid() != (c.to != "") || to.IsValid() && to.String() != c.to {
			t.Errorf("%s %s: %+v, %s", c.proto, c.at, b, to)
		}
	}
	if _, _, ok := w.Published(n, "tcp", netip.MustParseAddrPort("192.0.2.1:8080")); ok {
		t.Error("in another namespace")
	}
}
