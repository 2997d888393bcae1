# The R side of r_at_size.py: one file in the layout of TEDS-D from raw records to effects, as one would write it who
# knows R well. Only the columns needed are read; means have their errors from sandwich, curves from survival, and the
# logistic score is fitted on cross-products (as speedglm does). With "usual" as second word, score and effect are
# fitted as most would write them: glm, which decomposes a matrix of all records, and svyglm.
suppressMessages({
  library(data.table)
  library(survival)
  library(sandwich)
})
setDTthreads(1L)
file <- commandArgs(trailingOnly = TRUE)[1]
usual <- identical(commandArgs(trailingOnly = TRUE)[2], "usual")
if (usual) suppressMessages(library(survey))
seconds <- list()
timed <- function(name, expression) {
  before <- proc.time()
  value <- expression
  seconds[[name]] <<- sum((proc.time() - before)[c("user.self", "sys.self")])
  value
}

asked <- c(
  "AGE", "SEX", "RACE", "ETHNIC", "EDUC", "EMPLOY", "LIVARAG", "PSOURCE", "SUB1", "FREQ1", "NOPRIOR", "PSYPROB",
  "SERVICES", "METHUSE", "STFIPS", "LOS", "REASON"
)
d <- timed("read", fread(file, select = asked, colClasses = "integer", showProgress = FALSE))
d <- timed("cohort", d[SERVICES %in% 6:7 & AGE >= 3L & SUB1 > 1L & METHUSE != 1L])

timed("covariates", {
  groups <- c(1L, 2L, 3L, 4L, 5L, 5L, 5L, 6L, 6L, 7L, 7L, 7L, 8L, 8L, 8L, 8L, 9L, 9L, 9L)
  races <- c(1L, 1L, 2L, 3L, 4L, 2L, 5L, 5L, 2L)
  d[, SUB1 := groups[SUB1]]
  d[, RACE := fifelse(ETHNIC == -9L, -9L, fifelse(ETHNIC != 4L, 0L, fifelse(RACE == -9L, -9L, races[pmax(RACE, 1L)])))]
  covariates <- setdiff(asked, c("ETHNIC", "SERVICES", "METHUSE", "STFIPS", "LOS", "REASON"))
  for (name in covariates) set(d, j = name, value = factor(d[[name]]))
  d[, arm := as.integer(SERVICES == 6L)]
  d[, outcome := as.integer(REASON == 1L)]
  lows <- c(1:31, 46L, 61L, 91L, 121L, 181L, 365L)
  d <- d[LOS > 0L]
  d[, days := lows[LOS]]
  d[, event := as.integer(LOS != 37L)]
  invisible()
})

logistic <- function(x, y) {
  beta <- numeric(ncol(x))
  for (step in 1:25) {
    p <- plogis(drop(x %*% beta))
    change <- solve(crossprod(x * sqrt(p * (1 - p))), crossprod(x, y - p))
    beta <- beta + drop(change)
    if (max(abs(change)) < 1e-9) break
  }
  plogis(drop(x %*% beta))
}
score <- timed("score", if (usual) {
  fitted(glm(reformulate(covariates, "arm"), family = binomial, data = d))
} else {
  logistic(model.matrix(reformulate(covariates), d), d$arm)
})
d[, w := timed("weights", fifelse(arm == 1L, 1 - score, score))]
largest_smd <- function(weight) {
  apart <- lapply(covariates, function(name) {
    share <- tapply(weight, list(d[[name]], d$arm), sum)
    share <- sweep(share, 2, colSums(share), "/")
    at <- tapply(d$w, d[[name]], sum) / sum(d$w)
    abs(share[, "1"] - share[, "0"]) / sqrt(at * (1 - at))
  })
  max(unlist(apart))
}
worst <- timed("balance", c(largest_smd(rep(1, nrow(d))), largest_smd(d$w)))
effect <- timed("risk difference", if (usual) {
  fitted <- svyglm(outcome ~ arm, svydesign(ids = ~STFIPS, weights = ~w, data = d))
  c(coef(fitted)[["arm"]], SE(fitted)[["arm"]])
} else {
  fitted <- lm(outcome ~ arm, data = d, weights = w, model = FALSE)
  c(coef(fitted)[["arm"]], sqrt(vcovCL(fitted, cluster = d$STFIPS, type = "HC0")[2, 2]))
})
curve <- timed("kaplan-meier", survfit(Surv(days, event) ~ arm, data = d, weights = w, robust = TRUE, cluster = STFIPS))
at <- summary(curve, times = 90)

values <- list(
  "members" = nrow(d), "largest smd before" = worst[1], "risk difference" = effect[1], "its se" = effect[2],
  "in care at 90 days" = at$surv[2], "se of it" = at$std.err[2]
)
as_json <- function(x) paste0("{", paste(sprintf("\"%s\": %.17g", names(x), unlist(x)), collapse = ", "), "}")
versions <- vapply(c("data.table", "survival", "sandwich", "survey"), function(p) as.character(packageVersion(p)), "")
told <- paste0(R.version$major, ".", R.version$minor, ", ", paste(names(versions), versions, collapse = ", "))
cat(sprintf(
  "{\"seconds\": %s, \"values\": %s, \"versions\": \"R %s; BLAS %s\"}\n",
  as_json(seconds), as_json(values), told, basename(dirname(extSoftVersion()[["BLAS"]]))
))
