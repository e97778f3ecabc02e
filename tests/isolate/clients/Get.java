// SPDX-License-Identifier: MIT
import java.net.URL;

/** Prints what a URL leads to. */
public class Get {
	public static void main(String[] arguments) throws Exception {
		new URL(arguments[0]).openStream().transferTo(System.out);
	}
}
