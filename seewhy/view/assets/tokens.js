// Values of a token are told below its chain while it is pointed at or focused; arrows walk from token to token.
for (const chain of document.querySelectorAll(".heat")) {
  const tokens = [...chain.querySelectorAll(".token")], told = chain.parentElement.querySelector(".readout");
  const tell = (token) => {
    told.textContent = token ? `${token.textContent.trim() || "the end"}: ${token.title}` : "";
  };
  tokens.forEach((token, number) => {
    token.tabIndex = number ? -1 : 0;
    token.addEventListener("mouseenter", () => tell(token));
    token.addEventListener("mouseleave", () => tell(tokens.find((one) => one === document.activeElement)));
    token.addEventListener("focus", () => tell(token));
    token.addEventListener("blur", () => tell(null));
    token.addEventListener("keydown", (event) => {
      const next = tokens[number + { ArrowRight: 1, ArrowLeft: -1 }[event.key]];
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      [token.tabIndex, next.tabIndex] = [-1, 0];
      next.focus();
    });
  });
}
