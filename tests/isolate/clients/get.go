// SPDX-License-Identifier: MIT
// Prints what a URL leads to.
package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get(os.Args[1])
	if err == nil {
		_, err = io.Copy(os.Stdout, answer.Body)
	}
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
