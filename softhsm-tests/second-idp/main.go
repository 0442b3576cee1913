// An identity provider by another hand than oidc-provider, so that logins are tuned to neither: zitadel/oidc's
// example over its library, on an address of this machine alone, which is its issuer.
//
//	second-idp PORT REDIRECT
package main

import (
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: second-idp PORT REDIRECT")
	}
	address := "127.0.0.1:" + os.Args[1]
	issuer := "http://" + address + "/"
	storage.RegisterClients(storage.WebClient("web", "secret", os.Args[2]))
	store := storage.NewStorage(storage.NewUserStore(issuer))
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	server := &http.Server{Addr: address, Handler: exampleop.SetupServer(issuer, store, quiet, false)}
	// Where the test ends, so does its stdin, and this with that.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(server.ListenAndServe())
}
