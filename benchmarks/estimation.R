# The R side of estimation.py: reads the same binary columns, prints one line of JSON.
suppressMessages({
  library(survey)
  library(survival)
})
place <- commandArgs(trailingOnly = TRUE)[1]
with_cox <- commandArgs(trailingOnly = TRUE)[2] == "cox"
shape <- paste(readLines(file.path(place, "shape.json"), warn = FALSE), collapse = "")
pick <- function(name) {
  found <- strsplit(sub(paste0(".*\"", name, "\": \\[?([0-9, ]*[0-9]).*"), "\\1", shape), ",")[[1]]
  as.integer(found)
}
levels_of <- pick("levels")
n <- pick("rows")
whole <- function(name) readBin(file.path(place, paste0(name, ".i32")), "integer", n, size = 4)
real <- function(name) readBin(file.path(place, paste0(name, ".f64")), "double", n, size = 8)

d <- data.frame(arm = whole("arm"))
for (i in seq_along(levels_of)) {
  codes <- whole(paste0("factor_", i - 1)) + 1L
  d[[paste0("factor_", i - 1)]] <- structure(codes, levels = sprintf("l%02d", seq_len(levels_of[i]) - 1L), class = "factor")
}
for (i in seq_len(pick("numbers"))) d[[paste0("number_", i - 1)]] <- real(paste0("number_", i - 1))
covariates <- setdiff(names(d), "arm")
d$site <- whole("site")
d$outcome <- whole("outcome")
d$event <- whole("event")
d$days <- real("days")

seconds <- list()
timed <- function(name, expression) {
  seconds[[name]] <<- unname(system.time(value <- expression)["elapsed"])
  value
}

score <- timed("propensity", fitted(glm(reformulate(covariates, "arm"), data = d, family = binomial)))
d$w <- timed("weights", ifelse(d$arm == 1, 1 - score, score))
worst <- timed("balance", {
  worst <- 0
  for (name in covariates) {
    columns <- if (is.factor(d[[name]])) model.matrix(reformulate(c("0", name)), d) else as.matrix(d[[name]])
    first <- colSums(columns * (d$w * d$arm)) / sum(d$w * d$arm)
    second <- colSums(columns * (d$w * (1 - d$arm))) / sum(d$w * (1 - d$arm))
    centre <- colSums(columns * d$w) / sum(d$w)
    spread <- sqrt(colSums(sweep(columns, 2, centre)^2 * d$w) / sum(d$w))
    worst <- max(worst, abs(first - second) / spread)
  }
  worst
})
effect <- timed("risk difference", {
  design <- svydesign(ids = ~site, weights = ~w, data = d)
  m <- svyglm(outcome ~ arm, design)
  c(coef(m)["arm"], SE(m)["arm"])
})
curve <- timed("kaplan-meier", survfit(Surv(days, event) ~ arm, data = d, weights = w, robust = TRUE, cluster = site))
if (with_cox) hazard <- timed("cox", coxph(Surv(days, event) ~ arm, data = d, weights = w, cluster = site))
at <- summary(curve, times = 90)

values <- list(
  "largest smd after" = worst,
  "risk difference" = effect[[1]],
  "its se" = effect[[2]],
  "survival at 90" = at$surv[2]
)
if (with_cox) {
  values[["log hazard ratio"]] <- coef(hazard)[[1]]
  values[["its se, robust"]] <- sqrt(vcov(hazard)[1, 1])
}
as_json <- function(x) paste0("{", paste(sprintf("\"%s\": %.17g", names(x), unlist(x)), collapse = ", "), "}")
cat(sprintf("{\"seconds\": %s, \"values\": %s}\n", as_json(seconds), as_json(values)))
