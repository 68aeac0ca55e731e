module a.nstutor/early

go 1.26.0
